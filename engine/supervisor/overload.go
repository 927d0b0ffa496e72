package supervisor

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

const (
	// overloadPause is the least time between two lines about the overloads of a
	// group, which may come and go fast.
	overloadPause = 30 * time.Second
	// overloadLook is the time between two looks for the end of an overload: the
	// pool does not see it if no request comes.
	overloadLook = 5 * time.Second
)

// overloads is what the log says of the overloads of a group.
type overloads struct {
	on   bool             // the last line was about the beginning of one
	at   time.Time        // of the last line
	look <-chan time.Time // when tellOverload is due, whatever the pool says; nil = never
}

// tellOverload reports that an overload has begun or ended: in the log and as an
// event, but not more often than overloadPause allows. A shorter one goes unsaid.
func (g *group) tellOverload() {
	o, now := &g.overload, g.pool.Stats()
	o.look = nil
	since := time.Since(o.at)
	switch {
	case now.Overloaded == o.on:
		if o.on {
			o.look = time.After(overloadLook)
		}
		return
	case since < overloadPause:
		o.look = time.After(overloadPause - since)
		return
	}
	o.on, o.at = now.Overloaded, time.Now()
	if !o.on {
		took := since.Round(time.Millisecond)
		g.log.Info("group is no longer overloaded", "queued", now.Queued, "took", took, "effect", "the oldest request gets a slot first again")
		g.events.Emit(api.Event{Kind: api.EventRelieved, Group: g.name, Queued: now.Queued, Took: took.Seconds()})
		return
	}
	o.look = time.After(overloadLook)
	const reason = "requests leave the queue before a worker is free"
	g.log.Warn("group is overloaded", "queued", now.Queued, "reason", reason, "effect", "the newest request gets a slot first")
	g.events.Emit(api.Event{Kind: api.EventOverloaded, Group: g.name, Requests: now.Requests, Websockets: now.Tunnels, Queued: now.Queued, Reason: reason})
}
