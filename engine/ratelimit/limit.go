package ratelimit

import (
	"hash/maphash"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// A Limit lets in so many requests of each key as its setting says. It is safe
// for concurrent use.
type Limit struct {
	Place   Place
	Setting plan.RateLimit
	Why     string // a request was refused, for logs

	sets  int                   // of the table
	table atomic.Pointer[table] // made by the first request
	done  *totals
}

// totals count what the limits of a place have done: a reload gives it another one.
type totals struct {
	refused atomic.Uint64 // requests
	evicted atomic.Uint64 // keys that lost their entry before their time had come
}

// A Place is where a configuration sets a limit: in LdConfig if the Group is "",
// in a group if the Route is "", and otherwise in a rule for a route.
type Place struct {
	Group string
	Route string // the second rule of a group for the same route has " #2" after it, and so on
}

// String returns the place for people.
func (p Place) String() string {
	switch {
	case p.Group == "":
		return "LdConfig"
	case p.Route == "":
		return p.Group
	}
	return p.Group + ": " + p.Route
}

// A Key identifies the requests that a limit counts together.
type Key uint64

// NoKey is the key of all requests that have none.
const NoKey Key = 1

// seed makes the hashes of keys different in every process, so that nobody can
// choose keys that share a set.
var seed = maphash.MakeSeed()

// KeyOf returns the key for a text. An empty text is none.
func KeyOf(text []byte) Key {
	if len(text) == 0 {
		return NoKey
	}
	return max(Key(maphash.Bytes(seed, text)), NoKey+1)
}

// prefixBytes is how much of an IPv6 address identifies a client. A network has
// at least that prefix, and can give each of its machines any number of
// addresses with it.
const prefixBytes = 8

// KeyOfAddr returns the key for the address of a client: for all of an IPv4
// address, and for the first 64 bits of an IPv6 address. An invalid address is
// none.
func KeyOfAddr(a netip.Addr) Key {
	a = a.Unmap()
	switch {
	case a.Is4():
		b := a.As4()
		return KeyOf(b[:])
	case a.Is6():
		b := a.As16()
		return KeyOf(b[:prefixBytes])
	}
	return NoKey
}

// now returns the table of the limit.
func (l *Limit) now() *table {
	if t := l.table.Load(); t != nil {
		return t
	}
	l.table.CompareAndSwap(nil, newTable(l.Setting, l.sets, l.done))
	return l.table.Load()
}

// A Check is a limit that applies to a request, with the key of the request.
type Check struct {
	Limit *Limit
	Key   Key
}

// Take counts a request once for each check, and returns nil. If one of the
// limits refuses the request, Take counts it for none of them. Then it returns
// the first limit that refuses, and how long the request must wait until all
// would let it in. now is the time since a fixed moment.
func Take(now time.Duration, checks []Check) (refused *Limit, wait time.Duration) {
	if len(checks) > 1 {
		for _, c := range checks {
			if one := c.Limit.now().look(int64(now), uint64(c.Key)); one > 0 {
				if refused == nil {
					refused = c.Limit
				}
				wait = max(wait, time.Duration(one))
			}
		}
	}
	for i := 0; i < len(checks) && refused == nil; i++ {
		c := &checks[i]
		if one := c.Limit.now().take(int64(now), uint64(c.Key)); one > 0 {
			refused, wait = c.Limit, time.Duration(one)
			for _, before := range checks[:i] {
				before.Limit.now().refund(uint64(before.Key))
			}
		}
	}
	if refused != nil {
		refused.done.refused.Add(1)
	}
	return refused, wait
}

// A Status says what a limit does, and what it and those before it in its place have done.
type Status struct {
	Refused uint64 // requests
	Keys    int    // that have an allowance other than the whole burst
	Room    int    // keys that the limit can tell apart
	Evicted uint64 // keys that a new one has replaced though their allowance was not whole
}

// Status returns the status at now, which is a time as that of Take.
func (l *Limit) Status(now time.Duration) Status {
	st := Status{Refused: l.done.refused.Load(), Evicted: l.done.evicted.Load(), Room: l.sets * ways}
	if t := l.table.Load(); t != nil {
		st.Keys = t.active(int64(now))
	}
	return st
}
