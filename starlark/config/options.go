package config

import (
	"context"
	"io"
	"log/slog"
	"os"
	"time"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/python/capture"
)

// These are the default limits of one evaluation.
const (
	DefaultMaxSteps = 10_000_000 // steps of the interpreter
	DefaultTimeout  = 5 * time.Second
)

// Options control how a configuration is evaluated. The zero value evaluates in
// the environment of the process.
type Options struct {
	Name            string            // name of the file in messages; "" means its path as given
	Env             map[string]string // variables that take precedence over the environment
	AllowMissingEnv bool              // an unset variable without a default is not an error
	// Set gives arguments of the configuration their values, as text, by name. A name
	// that no argument has is an error.
	Set map[string]string
	// Args gives arguments their values, before Set, by name.
	Args map[string]starlark.Value
	// EnvFiles are absolute paths of files of variables, in the format of package
	// dotenv. A variable that is set already wins, and a later file over an earlier
	// one. The workers of every group get the variables, as secrets.
	EnvFiles []string
	// FileEnv are the variables of files that Env has. The workers of every group get
	// the values that Env gives them, as secrets.
	FileEnv []builtin.FileVariable
	// LookupEnv reads the environment. A nil LookupEnv reads that of the
	// process.
	LookupEnv func(name string) (string, bool)
	// Tests makes the evaluation find the tests of the configuration and read
	// the files *_test.star beside it. Tests are not part of a plan.
	Tests    bool
	Print    io.Writer     // receives the output of print() with its position; nil drops it
	MaxSteps uint64        // 0 means DefaultMaxSteps
	Timeout  time.Duration // 0 means DefaultTimeout
	// Salt keys the digests of secrets among a plan's inputs. A caller that
	// compares the fingerprints of two evaluations gives both the same salt. A
	// nil Salt means a random one, which changes the fingerprint if there are
	// secrets.
	Salt []byte
	// Record receives everything that the evaluation reads. If nil, nothing is
	// recorded.
	Record *Recording
	// Replay, if not nil, replaces everything that the evaluation reads,
	// including LookupEnv and Env. The evaluation does not change it.
	Replay *Recording
	// Overlay has texts that stand for the content of files, by absolute path, such as
	// those of an editor that are not saved. Such a file need not exist.
	Overlay map[string][]byte
	// Watch, if not nil, is called before each step that runs code of a file,
	// with a word for the step, such as "evaluating", the file, and the time
	// limit. The step calls done when it ends.
	Watch func(doing, file string, limit time.Duration) (done func())
	// RunPython runs a Python file that is beyond the language. If nil, no Python runs,
	// and the file is an error.
	RunPython func(ctx context.Context, file capture.File) (*capture.Result, error)
	// NoExec says in errors that the user has forbidden to run Python.
	NoExec bool
	// Log receives the failures and the output of a router while requests are
	// served. If nil, they are dropped.
	Log *slog.Logger
}

func (o *Options) fill() {
	if o.LookupEnv == nil {
		o.LookupEnv = os.LookupEnv
	}
	if o.Watch == nil {
		o.Watch = func(string, string, time.Duration) func() { return func() {} }
	}
	if o.Print == nil {
		o.Print = io.Discard
	}
	if o.MaxSteps == 0 {
		o.MaxSteps = DefaultMaxSteps
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
}

// lookup reads a variable; Env takes precedence.
func (o *Options) lookup(name string) (string, bool) {
	if v, ok := o.Env[name]; ok {
		return v, true
	}
	return o.LookupEnv(name)
}
