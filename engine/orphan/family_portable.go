//go:build !linux || portable

package orphan

import (
	"log/slog"
	"os"
	"strconv"
	"strings"

	"github.com/ldcorn/ldcorn/engine/proc"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// A Family is the set of the processes that the workers of this process have
// started, as far as they have kept its mark in their environment.
type Family struct {
	log  *slog.Logger
	mark string // how worker.EnvMaster begins in the environment of their workers
}

// Adopt returns the family of this process. Orphans become children of process 1,
// which reaps those that exit.
func Adopt(log *slog.Logger) *Family {
	f := &Family{log: log}
	if self, err := proc.Self(); err == nil {
		f.mark = strconv.Itoa(os.Getpid()) + "/" + strconv.FormatUint(self.Start, 10) + "/"
	}
	return f
}

// While calls run and returns its error. There is nothing to reap.
func (f *Family) While(run func() error) error { return run() }

// left returns the processes to end.
func (f *Family) left() []proc.Process {
	ours := make([]proc.Process, 0)
	if f.mark == "" {
		return ours
	}
	for _, p := range proc.All() {
		if mark, marked := p.Env(worker.EnvMaster); marked && strings.HasPrefix(mark, f.mark) && p.SameNamespace() {
			ours = append(ours, p)
		}
	}
	return ours
}
