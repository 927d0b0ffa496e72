package pool

import (
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A fakeClock stands still unless a test moves it.
type fakeClock struct {
	mu     sync.Mutex // guards all below
	at     netloop.Time
	alarms []*fakeAlarm
}

type fakeAlarm struct {
	clock *fakeClock
	due   netloop.Time // 0 = never
	f     func()
}

// withClock makes limits go by a fakeClock.
func withClock(limits *Limits) *fakeClock {
	c := &fakeClock{at: 1}
	limits.clock = &clock{now: c.now, after: c.after}
	return c
}

func (c *fakeClock) now() netloop.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *fakeClock) after(d time.Duration, f func()) alarm {
	a := &fakeAlarm{clock: c, f: f}
	a.Reset(d)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.alarms = append(c.alarms, a)
	return a
}

func (a *fakeAlarm) Reset(d time.Duration) bool {
	if d <= 0 {
		panic("an alarm for the past")
	}
	return a.set(a.clock.now().Add(d))
}

func (a *fakeAlarm) Stop() bool { return a.set(0) }

func (a *fakeAlarm) set(due netloop.Time) (was bool) {
	a.clock.mu.Lock()
	defer a.clock.mu.Unlock()
	was = a.due != 0
	a.due = due
	return was
}

// due returns when the next alarm goes off, or 0.
func (c *fakeClock) due() (due netloop.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.alarms {
		if a.due != 0 && (due == 0 || a.due < due) {
			due = a.due
		}
	}
	return due
}

// advance lets time pass, with the alarms that are due.
func (c *fakeClock) advance(d time.Duration) { c.advanceTo(c.now().Add(d)) }

func (c *fakeClock) advanceTo(to netloop.Time) {
	for due := c.due(); due != 0 && due <= to; due = c.due() {
		c.mu.Lock()
		c.at = max(c.at, due)
		var ring []func()
		for _, a := range c.alarms {
			if a.due == due {
				a.due = 0
				ring = append(ring, a.f)
			}
		}
		c.mu.Unlock()
		for _, f := range ring {
			f()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = max(c.at, to)
}
