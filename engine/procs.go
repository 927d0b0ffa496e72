package engine

import (
	"os"
	"runtime"
	"sync"
)

// procs sets how many goroutines run at a time. While handling connections is
// the only work, that is the number that connections can use well: with more,
// the Go scheduler spends up to a fifth of a busy proxy's time on waking
// threads that find nothing to do. Long computations, such as reading a
// configuration or looking at every process of the machine, widen it for as
// long as they take, and so does work on files: an event loop that naps keeps
// its processor, and each page of a body would wait for that.
//
// The zero procs changes nothing, which is right if GOMAXPROCS in the
// environment says what the user wants.
type procs struct {
	few, all int

	mu   sync.Mutex // guards wide, and the setting itself
	wide int        // number of callers that want all
}

func newProcs(few int) *procs {
	if os.Getenv("GOMAXPROCS") != "" {
		return &procs{}
	}
	return &procs{few: few, all: max(runtime.GOMAXPROCS(0), few+1)}
}

// narrow restricts the processors to what connections can use. It is called
// once, when the proxy begins to serve.
func (p *procs) narrow() { p.change(0) }

// widen makes all processors available until the caller calls the returned
// function.
func (p *procs) widen() (done func()) {
	p.change(1)
	return func() { p.change(-1) }
}

func (p *procs) change(n int) {
	if p.all <= p.few {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wide += n
	want := p.few
	if p.wide > 0 {
		want = p.all
	}
	if want != runtime.GOMAXPROCS(0) {
		runtime.GOMAXPROCS(want)
	}
}
