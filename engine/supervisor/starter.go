package supervisor

import (
	"context"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// A process is what the supervisor needs of a worker.Process, which is the
// only one outside of tests.
type process interface {
	PID() int
	Socket() string
	WaitReady(ctx context.Context) error
	Check(ctx context.Context, path string) error // its health
	Exited() <-chan struct{}
	Stop(grace time.Duration, hurry <-chan struct{}) worker.Exit
	Wait() worker.Exit
	Stderr() []string
}

// A starter starts processes. Discard is called once for each, after its
// end. Forget drops what it has remembered about interpreters.
type starter interface {
	Start(ctx context.Context, pool *plan.Pool, index, generation int) (process, error)
	Discard(process)
	Forget()
}

// uvicorn is the starter of real workers.
type uvicorn struct {
	launcher  *worker.Launcher
	runtime   *Runtime
	prober    worker.Prober
	configDir string
	output    worker.Output
}

func (u *uvicorn) Start(ctx context.Context, pool *plan.Pool, index, generation int) (process, error) {
	python, err := worker.FindPython(pool, u.configDir)
	if err != nil {
		return nil, err
	}
	if err := worker.CheckCwd(pool); err != nil {
		return nil, err
	}
	version, err := u.prober.Probe(ctx, python, pool)
	if err != nil {
		return nil, err
	}
	proc, err := u.launcher.Start(ctx, worker.Spec{
		Pool: pool, Index: index, Generation: generation, Python: python,
		Version: version, Socket: u.runtime.newSocket(), Output: u.output,
	})
	if err != nil {
		return nil, err
	}
	u.runtime.record(proc.PID(), proc.Socket(), pool.Name, index)
	return proc, nil
}

func (u *uvicorn) Discard(p process) { u.runtime.forget(p.Socket()) }

func (u *uvicorn) Forget() { u.prober.Forget() }
