package config

import (
	"io"
	"log/slog"
	"os"
	"time"
)

// Limits of one evaluation.
const (
	DefaultMaxSteps = 10_000_000 // of the interpreter
	DefaultTimeout  = 5 * time.Second
)

// Options say how a configuration is evaluated. The zero value evaluates in
// the process's own environment.
type Options struct {
	Name            string            // of the file in messages; "" = its path as given
	Env             map[string]string // variables that take precedence over the environment
	AllowMissingEnv bool              // an unset variable without default is no error
	// LookupEnv is the environment; nil is the process's own.
	LookupEnv func(name string) (string, bool)
	// Tests has the tests of the configuration found, and the files *_test.star
	// beside it read for them, which no plan knows of.
	Tests    bool
	Print    io.Writer     // gets what print() says, with its position; nil drops it
	MaxSteps uint64        // 0 = DefaultMaxSteps
	Timeout  time.Duration // 0 = DefaultTimeout
	// Salt keys the digests of secrets among a plan's inputs. Whoever compares
	// the fingerprints of two evaluations gives both the same; nil makes a
	// fresh one, and so a fresh fingerprint where there are secrets.
	Salt []byte
	// Record is filled with what the evaluation reads; nil drops it.
	Record *Recording
	// Replay has the evaluation read from it alone, LookupEnv and Env not
	// excepted; nil is the world as it is. It is not changed.
	Replay *Recording
	// Watch is called before each step that runs on what a file says, with what
	// the step does, such as "evaluating", the file, and how long it may take.
	// What it returns is called afterwards. nil is nobody.
	Watch func(doing, file string, limit time.Duration) (done func())
	// Log is told of what a router fails on, and what it prints, while
	// requests are served; nil drops it.
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

// lookup reads a variable, overrides first.
func (o *Options) lookup(name string) (string, bool) {
	if v, ok := o.Env[name]; ok {
		return v, true
	}
	return o.LookupEnv(name)
}
