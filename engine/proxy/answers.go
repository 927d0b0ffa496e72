package proxy

import (
	"context"
	"fmt"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// Answers returns nil once each loop of the driver has shown that it does not hang, or an
// error that names one that has not when ctx is done. It is for the time in which Run
// serves. Any goroutine may call it.
func (p *Proxy) Answers(ctx context.Context) error {
	loops := p.driver.Loops()
	beats := make(chan *netloop.Loop, len(loops)) // with room for all, since nobody may be waiting any more
	p.driver.Beat(func(l *netloop.Loop) { beats <- l })
	silent := make(map[*netloop.Loop]bool, len(loops))
	for _, l := range loops {
		silent[l] = true
	}
	for len(silent) > 0 {
		select {
		case l := <-beats:
			delete(silent, l)
		case <-ctx.Done():
			return fmt.Errorf("%d of %d event loops do not answer, among them %s", len(silent), len(loops), anyOf(silent))
		}
	}
	return nil
}

func anyOf(loops map[*netloop.Loop]bool) *netloop.Loop {
	for l := range loops {
		return l
	}
	return nil
}
