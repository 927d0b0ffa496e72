package supervisor

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/cgroup"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/prepare"
	"github.com/ldcorn/ldcorn/engine/workdir"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// A process is what the supervisor needs of a worker.Process, which is the only
// implementation outside tests.
type process interface {
	PID() int
	Socket() string
	Uvicorn() worker.Version
	WaitReady(ctx context.Context) error
	Check(ctx context.Context, health worker.Health) error
	Exited() <-chan struct{}
	Stop(grace time.Duration, hurry <-chan struct{}) worker.Exit
	Wait() worker.Exit
	Stderr() []string
	LastLine() string
}

// A starter starts processes. Command runs a command to its end, as worker.Command does.
// Discard is called once for each process, after it
// has exited. Forget drops everything remembered about interpreters.
type starter interface {
	Start(ctx context.Context, spec *plan.Group, index, generation int) (process, error)
	Command(ctx context.Context, c *plan.Command, group *plan.Group) error
	Discard(process)
	Forget()
}

// uvicorn is the starter of real workers.
type uvicorn struct {
	launcher  *worker.Launcher
	runtime   *Runtime
	prober    worker.Prober
	configDir string
	folder    *workdir.Dir
	output    worker.Output
	log       *slog.Logger
	cgroups   cgroup.Tree
	watched   bool            // see Options
	hurry     <-chan struct{} // likewise

	mu       sync.Mutex // guards remarked
	remarked map[string]bool
}

func (u *uvicorn) Start(ctx context.Context, spec *plan.Group, index, generation int) (process, error) {
	u.folder.Restore() // a removed release must not make starts fail
	python, err := worker.FindPython(spec, u.configDir)
	if err != nil {
		return nil, err
	}
	if err := worker.CheckCwd(spec); err != nil {
		return nil, err
	}
	facts, err := u.prober.Probe(ctx, python, spec)
	if err != nil {
		return nil, err
	}
	u.remark(python, facts, spec)
	account, problem := prepare.AccountOf(spec)
	if problem != nil {
		return nil, problem
	}
	at, err := u.runtime.newSocket(account)
	if err != nil {
		return nil, err
	}
	group, err := u.newCgroup(spec, index)
	if err != nil {
		return nil, err
	}
	proc, err := u.launcher.Start(ctx, worker.Spec{
		Group: spec, Index: index, Generation: generation, Python: python.Path,
		Facts: facts, Socket: at.path, Output: u.output, Dial: at.dial, Master: at.mark, Link: at.link,
		Cgroup: group, Hasty: u.watched,
	})
	if err != nil {
		u.runtime.forget(cmp.Or(at.dial, at.path))
		removeCgroup(group)
		return nil, err
	}
	u.runtime.record(proc.PID(), proc.Socket(), spec.Name, index)
	return proc, nil
}

func (u *uvicorn) Discard(p process) {
	u.runtime.forget(p.Socket())
	if p, ok := p.(*worker.Process); ok {
		removeCgroup(p.Cgroup())
	}
}

// newCgroup returns a cgroup for a worker, or nil if the group needs none.
func (u *uvicorn) newCgroup(spec *plan.Group, index int) (*cgroup.Group, error) {
	if !spec.HasMemoryLimit() {
		return nil, nil
	}
	group, err := u.cgroups.New(fmt.Sprintf("%s.%d", spec.Name, index), spec.MemoryHigh, spec.MemoryMax)
	if err != nil {
		return nil, fmt.Errorf("cgroup for memory_max and memory_high: %w", err)
	}
	return group, nil
}

func removeCgroup(group *cgroup.Group) {
	if group != nil {
		group.Remove()
	}
}

func (u *uvicorn) Forget() {
	u.prober.Forget()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.remarked = nil
}

// remark warns, once per group until Forget, of settings that work but are most
// likely unintended.
func (u *uvicorn) remark(python worker.Interpreter, facts worker.Facts, spec *plan.Group) {
	remarks := python.Remarks(facts)
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(remarks) == 0 || u.remarked[spec.Name] {
		return
	}
	if u.remarked == nil {
		u.remarked = make(map[string]bool)
	}
	u.remarked[spec.Name] = true
	for _, r := range remarks {
		u.log.Warn("python may not be the intended interpreter", "group", spec.Name, "python", python.Path, "reason", r)
	}
}
