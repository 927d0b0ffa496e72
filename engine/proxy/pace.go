package proxy

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A pace makes sure that a client sends its body at netloop.MinRate or faster. It
// counts only the time spent waiting for the client: a slow worker is not the
// client's fault.
type pace struct {
	window time.Duration // how much waiting passes between two checks
	waited time.Duration
	got    int64 // bytes since the last check
}

// begin is called before each body.
func (p *pace) begin(window time.Duration) { *p = pace{window: window} }

// left returns how long to wait for the client now.
func (p *pace) left() time.Duration { return p.window - p.waited }

// judge adds a wait for the client that ended with err. It returns errSlowBody if the
// client is too slow, and otherwise err, or nil for a timeout that the rate excuses.
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
