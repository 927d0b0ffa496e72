package http2

import (
	"time"

	"golang.org/x/net/http2"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A departure is the end of a connection in order: a GOAWAY that rejects no stream, and,
// a moment later, one that names the last stream that is served. Then the connection ends
// with its last stream (RFC 9113 section 6.8). The connection's mu guards it.
type departure struct {
	begun    bool         // the first GOAWAY was said
	lastAt   netloop.Time // when to say the second one
	lastSaid bool
	saidAt   netloop.Time // when the second one was said
	restedBy netloop.Time // who rested since then has long had the last answer
	emptyAt  netloop.Time // since when no stream is open
}

// The time between the two GOAWAY frames: what a client has sent before it gets the first
// one is served.
const (
	drainTime = time.Second
	stopTime  = 200 * time.Millisecond // when everything stops
)

// drain makes the connection end once its streams have. Any goroutine can call it.
func (k *conn) drain(stop bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	d := &k.departure
	if d.begun {
		k.wake() // everything may stop now
		return
	}
	wait := drainTime
	if stop {
		wait = stopTime
	}
	now := netloop.Now()
	d.begun, d.lastAt, d.restedBy = true, now.Add(wait), now-netloop.Time(k.s.restTime)
	if !d.lastSaid && !k.ending {
		k.say(func(b []byte) []byte { return appendGoAway(b, everyStream, http2.ErrCodeNo) })
	}
}

// leave is called when the client says that it begins no stream any more.
func (k *conn) leave() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.announceLast()
}

// announceLast says which stream is the last one that is served. The caller holds mu.
func (k *conn) announceLast() {
	if d := &k.departure; !d.lastSaid && !k.ending {
		d.lastSaid, d.saidAt = true, k.t.Now()
		k.say(func(b []byte) []byte { return appendGoAway(b, k.last, http2.ErrCodeNo) })
	}
}

// endRested ends the connection behind a GOAWAY if it has rested since the given moment.
// Any goroutine can call it.
func (k *conn) endRested(since netloop.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.over || k.ending || k.departure.lastSaid || k.open > 0 || !k.rest.before(since) {
		return false
	}
	d := &k.departure
	d.lastSaid, d.saidAt = true, netloop.Now()
	k.say(func(b []byte) []byte { return appendGoAway(b, k.last, http2.ErrCodeNo) })
	return true
}

// idleTime returns how long the connection may have no stream; 0 = there is no limit.
func (k *conn) idleTime() time.Duration { return k.s.p.Snapshot().Plan.IdleTimeout }

// checkTimes does what is due. The caller holds mu.
func (k *conn) checkTimes() {
	d, now := &k.departure, k.t.Now()
	idle := k.idleTime()
	if d.begun && now >= d.lastAt || k.open == 0 && idle > 0 && now >= d.emptyAt.Add(idle) {
		k.announceLast()
	}
	if k.limitAt != 0 && now >= k.limitAt {
		k.checkTakers(now)
	}
}

// nextTime returns when checkTimes or isComplete has something to do; 0 = never. The
// caller holds mu.
func (k *conn) nextTime() netloop.Time {
	d, at := &k.departure, k.limitAt
	sooner := func(t netloop.Time) {
		if t != 0 && (at == 0 || t < at) {
			at = t
		}
	}
	switch {
	case d.lastSaid && k.open == 0:
		sooner(d.saidAt.Add(stopTime))
	case d.lastSaid:
	case d.begun:
		sooner(d.lastAt)
	}
	if !d.lastSaid && k.open == 0 {
		sooner(d.emptyAt.Add(k.idleTime()))
	}
	return at
}

// isComplete reports whether the connection ends: no stream is open, and none will be. It
// leaves a client that has rested some time to end the connection itself. The caller
// holds mu.
func (k *conn) isComplete() bool {
	d := &k.departure
	return d.lastSaid && k.open == 0 && (!k.isForgotten() || k.t.Now() >= d.saidAt.Add(stopTime))
}

// isForgotten reports whether the client, which rested before it got the first GOAWAY,
// has done nothing about the second one either, while everything stops. Such a
// connection is closed without the wait for bytes that would reset it: the client has
// long taken its last answer. The caller holds mu.
func (k *conn) isForgotten() bool {
	d := &k.departure
	return d.begun && d.lastSaid && k.t.Stopping() && k.rest.before(d.restedBy)
}
