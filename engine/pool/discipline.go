package pool

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

const (
	// maxAge is the wait after which an overload no longer passes over a
	// request for ever.
	maxAge = 10 * time.Second
	// ageTurns is how many of the slots of a lane go to its oldest request,
	// once that is older than maxAge: one in so many. The oldest requests are
	// those whose clients are about to leave, so they must not get many.
	ageTurns = 32
)

// order applies the settings of the queue's order, before the queue is refilled.
func (p *Pool) order(next *plan.Group) {
	p.priority = next.Priority
	if fair := next.Fair.By != match.KeyNone; fair != p.fair {
		p.fair = fair
		p.renew()
	}
	if adaptive := next.Queue != plan.DisciplineFIFO; adaptive != p.adaptive {
		p.adaptive = adaptive
		p.forgetOverload()
		p.showOverload()
	}
}

// forgetOverload starts to observe anew.
func (p *Pool) forgetOverload() {
	p.era++
	p.overloads = 0
}

// overload returns the overload of a tenant.
func (p *Pool) overload(t *tenant) *overload {
	if t.overload.era != p.era {
		t.overload = overload{era: p.era, at: p.clock()}
	}
	return &t.overload
}

// idleTime is how long no request begins to wait before an overload is over.
const idleTime = 10 * time.Second

// settle ends an overload that nobody has seen the end of, because no request
// came.
func (p *Pool) settle(now netloop.Time) {
	p.observe()
	if p.waiting == 0 && now.Sub(p.entered) > idleTime {
		p.forgetOverload()
	}
	p.showOverload()
}

// observe takes the slots into account that have been granted since the last
// call. An overload ends if slots are free.
func (p *Pool) observe() {
	p.leisure.observe(&p.stats)
	if p.overloads > 0 && p.leisure.free > leisureEnds {
		p.forgetOverload()
	}
}

// Overloads returns a channel that gets a value, if it has none, whenever an
// overload begins or ends. Stats tells which. Nobody may see the end of an
// overload after which no request comes, unless Stats is called now and then.
func (p *Pool) Overloads() <-chan struct{} { return p.turned }

// showOverload tells the reader of Overloads if an overload has begun or ended.
func (p *Pool) showOverload() {
	if on := p.overloaded(); on != p.shown {
		p.shown = on
		select {
		case p.turned <- struct{}{}:
		default: // the reader has not taken the last one
		}
	}
}

// overloaded reports whether the newest request of some tenant goes first.
func (p *Pool) overloaded() bool { return p.overloads > 0 }

// newestFirst reports whether the newest request of a tenant goes first.
func (p *Pool) newestFirst(t *tenant) bool { return t.overload.on && t.overload.era == p.era }

// count takes the wait of a tenant's requests into account. It is called before
// their number changes, except when a request leaves right after another call.
func (p *Pool) count(t *tenant) {
	if p.adaptive {
		p.overload(t).count(t.waiting, p.clock())
	}
}

// tookSlot begins or ends an overload of a tenant who gets a slot.
func (p *Pool) tookSlot(t *tenant) {
	if !p.adaptive {
		return
	}
	p.count(t)
	o := p.overload(t)
	switch begins := o.slot(); {
	case begins && p.leisure.free < o.vain*leisureBegins:
		o.on, o.vain = true, 1
		p.overloads++
	case o.on && o.vain < overloadEnds:
		p.relieve(t)
	}
}

// relieve ends the overload of a tenant.
func (p *Pool) relieve(t *tenant) {
	if p.newestFirst(t) {
		t.overload.on, t.overload.vain = false, 0
		p.overloads--
	}
}

// nextOf returns the claim of a lane that gets the lane's next slot.
func (p *Pool) nextOf(l *lane) *Claim {
	if !p.newestFirst(l.tenant) {
		return l.head
	}
	if l.head != l.tail && p.clock().Sub(l.head.since) > maxAge {
		if l.passed++; l.passed >= ageTurns {
			l.passed = 0
			return l.head
		}
	}
	return l.tail
}

// inTurn returns the one of two lanes of a tenant that gets a slot.
func (p *Pool) inTurn(a, b *lane) *lane {
	if p.newestFirst(a.tenant) {
		if a.tail.order > b.tail.order {
			return a
		}
		return b
	}
	if a.head.order < b.head.order {
		return a
	}
	return b
}

// lose notes that a waiting request is about to be lost. A wait that a hold, a
// reload or a lack of workers has made longer proves no overload. Neither does
// that of a repeated request.
func (p *Pool) lose(c *Claim) {
	if p.adaptive && c.lane != nil && c.order > p.calm && p.open() && len(p.workers) > 0 {
		t := c.lane.tenant
		p.count(t)
		o := p.overload(t)
		o.lost += o.at.Sub(c.since).Seconds()
	}
}

// victim returns the claim that is evicted from a full queue so that c can wait,
// or nil if none is. It is of the lowest priority, of the key that has the most
// requests there, and the newest of them, or in an overload of the key the
// oldest. c itself
// counts, so that without any priority or key it is the newest.
func (p *Pool) victim(c *Claim) *Claim {
	low, priority := p.lowest(), p.priorityOf(c)
	if low == nil || low.priority > priority {
		return nil
	}
	longest := low.longest.first()
	if low.priority == priority {
		own := p.find(low, c)
		mine := 1
		if own != nil {
			mine += own.waiting
		}
		if longest.waiting <= mine {
			if mine == 1 || !p.newestFirst(own) {
				return nil
			}
			longest = own
		}
	}
	return p.expendable(longest)
}

// expendable returns the claim of a tenant that is evicted first.
func (p *Pool) expendable(t *tenant) *Claim {
	var victim *Claim
	for _, l := range t.lanes {
		switch {
		case p.newestFirst(t):
			if victim == nil || l.head.order < victim.order {
				victim = l.head
			}
		case victim == nil || l.tail.order > victim.order:
			victim = l.tail
		}
	}
	return victim
}

// evict ends the wait of c, which gives its place in a full queue to another.
func (p *Pool) evict(c *Claim) {
	p.stats.Evicted++
	if c.lane != nil && p.newestFirst(c.lane.tenant) {
		p.lose(c)
	}
	p.fail(c, ErrEvicted)
}
