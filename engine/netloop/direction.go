package netloop

import (
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// A direction is one half of a gconn. One task reads and one writes. Each has
// its half to itself, except for spoilt.
type direction struct {
	setLimit func(time.Time) error // sets the deadline of the half
	run      func() error          // tries, and waits while a try finds nothing

	set    Time        // the moment the timer is set to; 0 = none
	spoilt atomic.Bool // an interrupt has moved the timer

	by  *gtask // the task that it works for
	p   []byte // the buffer to fill or to send
	n   int    // how many of its bytes were moved
	err error  // the error of the last try
}

// limitSlack is how much too early a timer can be left to fire.
const limitSlack = 5 * time.Second

// limit makes the next operation end at the given moment at the latest; 0 = no
// limit. Setting a timer costs more than the rest of a small read, so limit
// keeps a timer that is already set and fires a little early. The operation
// checks the clock when it times out.
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

// perform reads into p or writes it, as far as one operation gets.
func (d *direction) perform(p []byte) (int, error) {
	d.p, d.n, d.err = p, 0, nil
	err := d.run()
	d.p = nil
	if err != nil {
		return 0, err
	}
	return d.n, d.err
}

// took records the result of a system call.
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
