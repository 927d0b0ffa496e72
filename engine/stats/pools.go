package stats

import "github.com/ldcorn/ldcorn/engine/pool"

// pools are the pools that a group has had: it gets another if it goes and comes back.
// They never change.
type pools struct {
	now    *pool.Pool
	before *pool.Pool // whose last requests may still run; nil if there was none
	older  Totals     // of those before
}

// Totals are what pools have counted.
type Totals struct {
	Evicted                                    uint64 // see pool.Stats
	Learned, Forgotten                         uint64 // sessions, see affinity.Stats
	CookiesIssued, BondsFollowed, BondsStrayed uint64 // see affinity.Bonds
}

func (t Totals) plus(p *pool.Pool) Totals {
	if p == nil {
		return t
	}
	bonds := p.Bonds()
	sessions := bonds.Stats()
	return Totals{
		Evicted: t.Evicted + p.Stats().Evicted, Learned: t.Learned + sessions.Learned, Forgotten: t.Forgotten + sessions.Evicted,
		CookiesIssued: t.CookiesIssued + bonds.Issued.Load(), BondsFollowed: t.BondsFollowed + bonds.Followed.Load(),
		BondsStrayed: t.BondsStrayed + bonds.Strayed.Load(),
	}
}

// Pool returns the group's pool, which knows the requests in progress.
func (g *Group) Pool() *pool.Pool { return g.pools.Load().now }

// Totals returns what the group's pools have counted since the group was first added.
func (g *Group) Totals() Totals {
	all := g.pools.Load()
	return all.older.plus(all.before).plus(all.now)
}

// Returned reports whether the group was gone and is back.
func (g *Group) Returned() bool { return g.pools.Load().before != nil }

// use makes p the pool of the group, which is not gone. Only Publish may call it.
func (g *Group) use(p *pool.Pool) {
	g.left = 0
	if all := g.pools.Load(); all.now != p {
		g.pools.Store(&pools{now: p, before: all.now, older: all.older.plus(all.before)})
	}
}

// leave notes that the group is gone since a call of Publish. Only Publish may call it.
func (g *Group) leave(call int) {
	if g.left == 0 {
		g.left = call
	}
}

// busy reports whether the pool of a group that is gone still has requests or websockets.
func (g *Group) busy() bool {
	now := g.Pool().Stats()
	return now.Requests+now.Queued+now.Tunnels > 0
}
