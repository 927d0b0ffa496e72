package netloop

import (
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// A direction is one half of a gconn. One task reads and one writes; each has
// its half to itself, but for spoilt.
type direction struct {
	setLimit func(time.Time) error // of the half
	run      func() error          // tries, and waits while the try finds nothing

	set    Time        // the moment the timer is set to; 0 = none
	spoilt atomic.Bool // an interrupt has moved it

	p   []byte // what to fill, or to send
	n   int    // how much of it was
	err error  // what the last try found
}

// limitSlack is how early a timer may be left to fire.
const limitSlack = 5 * time.Second

// limit makes the next operation end at the given moment at the latest; 0 =
// no limit. A timer costs more than the rest of a small read, so one that is
// set already and fires a little early is left: who is timed out looks at the
// clock.
func (d *direction) limit(until Time) {
	if d.spoilt.Swap(false) {
		d.set = 0
		d.setLimit(time.Time{})
	}
	switch {
	case until == d.set:
	case until == 0:
		d.set = 0
		d.setLimit(time.Time{})
	case d.set != 0 && d.set < until && until.Sub(d.set) < limitSlack:
	default:
		d.set = until
		d.setLimit(epoch.Add(time.Duration(until)))
	}
}

// perform reads or writes some of p.
func (d *direction) perform(p []byte) (int, error) {
	d.p, d.n, d.err = p, 0, nil
	err := d.run()
	d.p = nil
	if err != nil {
		return 0, err
	}
	return d.n, d.err
}

// took notes what a system call has done.
func (d *direction) took(n int, e syscall.Errno) {
	d.n, d.err = n, nil
	switch e {
	case 0:
	case syscall.EAGAIN, syscall.EINTR:
		d.n, d.err = 0, ErrAgain
	default:
		d.n, d.err = 0, os.NewSyscallError("socket", e)
	}
}
