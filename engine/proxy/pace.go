package proxy

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A pace holds a client that sends a body to netloop.MinRate. Only the time
// counts in which nothing but the client was waited for: a worker that reads
// slowly is no fault of the client's.
type pace struct {
	window time.Duration // of waiting, after which the client is judged
	waited time.Duration
	got    int64 // bytes in that time
}

// begin is called before each body.
func (p *pace) begin(window time.Duration) { *p = pace{window: window} }

// left is how long the client may be waited for now.
func (p *pace) left() time.Duration { return p.window - p.waited }

// judge takes into account that the client was waited for, and how that
// ended. It returns errSlowBody for a client that is too slow.
func (p *pace) judge(waited time.Duration, err error) error {
	p.waited += waited
	if p.waited < p.window || err != nil && err != netloop.ErrTimeout {
		return err
	}
	if p.got < netloop.MinBytes(p.window) {
		return errSlowBody
	}
	p.begin(p.window)
	return nil
}
