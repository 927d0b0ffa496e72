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
	// Log is told of what a router fails on, and what it prints, while
	// requests are served; nil drops it.
	Log *slog.Logger
}

func (o *Options) fill() {
	if o.LookupEnv == nil {
		o.LookupEnv = os.LookupEnv
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
