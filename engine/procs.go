package engine

import (
	"os"
	"runtime"
	"sync"
)

// procs sets how many goroutines run at a time: while connections are all the
// work there is, as many as these make good use of. With more, the Go
// scheduler spends up to a fifth of a busy proxy's time on waking threads that
// find nothing to do. What computes for long, such as reading a configuration
// or looking at every process of the machine, widens it meanwhile.
//
// The zero procs changes nothing, which is right where GOMAXPROCS in the
// environment says what the user wants.
type procs struct {
	few, all int

	mu   sync.Mutex // guards wide, and the setting itself
	wide int        // how many want all
}

func newProcs(few int) *procs {
	if os.Getenv("GOMAXPROCS") != "" {
		return &procs{}
	}
	return &procs{few: few, all: runtime.GOMAXPROCS(0)}
}

// narrow leaves the processor to the connections. It is called once, when the
// proxy begins to serve.
func (p *procs) narrow() { p.change(0) }

// widen gives every processor to the caller, until it calls the function that
// is returned.
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
