package proxy

import (
	"bytes"
	"net/http"

	"github.com/ldcorn/ldcorn/engine/affinity"
	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// A bond is what the group's sticky says about the present request, where that
// is more than a key: the answer may have to bind its client to the worker.
type bond struct {
	issuer    *affinity.Issuer // of the cookie that names the seat; nil = none is issued
	session   *plan.Session    // where answers name a session; nil = nowhere
	named     bool             // the request has a good cookie, or the id of a session
	worker    *pool.Worker     // gives the answer
	handshake bool             // the body of the answer may name a session
	start     []byte           // of that body, as long as it is too short to tell
}

// issuersOf returns the issuers of the groups that have one.
func issuersOf(p *plan.Plan, key []byte) map[string]*affinity.Issuer {
	out := make(map[string]*affinity.Issuer)
	for _, g := range p.Groups {
		if g.Sticky.Issued.Name != "" {
			out[g.Name] = affinity.NewIssuer(g, key)
		}
	}
	return out
}

// bind says in a claim which worker the request is for, by the router's key or,
// without one, by the group's sticky, and what decides when it gets a slot.
func (r *Request) bind(c *pool.Claim, to Target) {
	c.Key, c.Chosen, c.Seat, c.Home, c.Lasting = 0, false, 0, nil, r.head.Upgrade
	r.rank(c, to.Group)
	r.bond = bond{start: r.bond.start[:0]}
	set := &to.Group.Sticky
	if set.Session.Name != "" {
		r.bindSession(c, to.Pool, &set.Session)
	}
	switch {
	case r.key != "":
		c.Key, c.Chosen, c.Home = pool.Key(r.key), true, nil
		r.bond.named = false
	case set.Issued.Name != "":
		r.bindSeat(c, r.snap.issuers[to.Group.Name])
	default:
		c.Key = r.stickyKey(set.Key)
	}
}

func (r *Request) bindSeat(c *pool.Claim, issuer *affinity.Issuer) {
	r.bond.issuer = issuer
	seat, ok := issuer.Seat(r.head.Fields)
	if ok {
		c.Seat = seat + 1
	}
	r.bond.named = ok
}

func (r *Request) bindSession(c *pool.Claim, p *pool.Pool, set *plan.Session) {
	r.bond.session = set
	tried := 0
	r.eachSession(set, func(id []byte) bool {
		r.bond.named = true
		c.Home, _ = p.Bonds().Find(id)
		tried++
		return c.Home == nil && tried < affinity.MaxTried
	})
	r.bond.handshake = set.Learn == plan.LearnEngineIO && !r.bond.named && r.opensEngineIO()
}

// eachSession calls yield with each id of a session in the request, until it
// returns false. An id is valid only during the call.
func (r *Request) eachSession(set *plan.Session, yield func(id []byte) bool) {
	switch set.In {
	case plan.SessionHeader:
		for id, at, ok := r.view.NextHeader(set.Name, 0); ok; id, at, ok = r.view.NextHeader(set.Name, at) {
			if len(id) > 0 && !yield(id) {
				return
			}
		}
	case plan.SessionCookie:
		for id := range affinity.Cookies(r.head.Fields, set.Name) {
			if len(id) > 0 && !yield(id) {
				return
			}
		}
	case plan.SessionQuery:
		if id, _ := r.view.Query(set.Name); len(id) > 0 {
			yield(id)
		}
	}
}

// hasSession reports whether the request has a session with that id.
func (r *Request) hasSession(set *plan.Session, id []byte) (found bool) {
	r.eachSession(set, func(own []byte) bool {
		found = bytes.Equal(own, id)
		return !found
	})
	return found
}

// opensEngineIO reports whether a request without a session opens one by long
// polling. The body of its answer decides.
func (r *Request) opensEngineIO() bool {
	_, ok := r.view.Query("EIO")
	return ok && string(r.head.Method) == "GET"
}

// countBond counts a request that has its slot, once.
func (r *Request) countBond(c *pool.Claim, p *pool.Pool, avoid *pool.Worker) {
	if !r.bond.named || avoid != nil {
		return
	}
	if w := c.Worker(); w == c.Home || w.Index+1 == c.Seat {
		p.Bonds().Followed.Add(1)
	} else {
		p.Bonds().Strayed.Add(1)
	}
}

// bindClient binds the client to the worker that answers it, if the group's
// sticky says so: the answer gets a cookie, or its session is learnt before the
// client can know it.
func (a *attempt) bindClient() {
	r := a.r
	b := &r.bond
	if r.gone || b.issuer == nil && b.session == nil {
		return
	}
	b.worker = a.claim.Worker()
	if b.issuer != nil && b.worker.Index+1 != a.claim.Seat && a.mayIssue() {
		r.answer.issue = issue{b.issuer, b.worker.Index, (*origin)(r).Scheme() == "https"}
		r.rec.Pool.Bonds().Issued.Add(1)
	}
	if b.session != nil {
		r.learn(&a.res)
	}
}

// mayIssue reports whether the answer can have a cookie of ldcorn's own. It
// cannot if it invites caches that clients share, as the client sees it, nor if
// it is a 304, whose fields replace those of an answer in a cache. The client
// gets its cookie with another answer.
func (a *attempt) mayIssue() bool {
	if a.res.Status == http.StatusNotModified {
		return false
	}
	edits := &a.r.toClient
	for i := range a.res.Fields {
		f := &a.res.Fields[i]
		if head.EqualFold(f.Name, cacheControl) && affinity.InvitesShared(f.Value) && !edits.replaces(f.Name) {
			return false
		}
	}
	for i := range edits {
		for j := range edits[i] {
			edit := &edits[i][j]
			if edit.Writes() && edit.Lower() == cacheControl && affinity.InvitesShared([]byte(edit.Value.Reveal())) && !edits.replacedAfter(i, j, cacheControl) {
				return false
			}
		}
	}
	return true
}

const cacheControl = "cache-control"

// learn learns the session that the head of an answer names. One that is in the
// request is not new: a client could make up any number of ids that the app
// repeats.
func (r *Request) learn(res *http1.Response) {
	b := &r.bond
	b.handshake = b.handshake && res.Status == 200
	left := affinity.MaxTried
	switch b.session.In {
	case plan.SessionHeader:
		for i := range res.Fields {
			if f := &res.Fields[i]; left > 0 && !f.Drop && head.EqualFold(f.Name, b.session.Name) {
				r.learnSession(f.Value)
				left--
			}
		}
		r.endMCP(res.Status)
	case plan.SessionCookie:
		for id := range affinity.SetCookies(res.Fields, b.session.Name) {
			if left == 0 {
				break
			}
			r.learnSession(id)
			left--
		}
	}
}

func (r *Request) learnSession(id []byte) {
	if b := &r.bond; len(id) > 0 && !r.hasSession(b.session, id) {
		b.worker.LearnSession(id)
	}
}

// endMCP ends the session of a client of the Model Context Protocol that has
// asked for its end.
func (r *Request) endMCP(status int) {
	b := &r.bond
	if b.named && b.session.Name == plan.HeaderMCP && string(r.head.Method) == "DELETE" && status/100 == 2 {
		r.eachSession(b.session, func(id []byte) bool {
			r.rec.Pool.Bonds().End(id)
			return true
		})
	}
}

// readHandshake learns the session that the body of an answer names, which
// comes in parts.
func (b *bond) readHandshake(part []byte) {
	text := part
	if len(b.start) > 0 {
		b.start = append(b.start, part[:min(len(part), affinity.MaxHandshake-len(b.start))]...)
		text = b.start
	}
	id, more := affinity.EngineIO(text)
	if id != nil {
		b.worker.LearnSession(id)
	}
	b.handshake = more
	if more && len(b.start) == 0 {
		b.start = append(b.start, part...)
	}
}

// An issue is a cookie that binds the client of an answer to a seat. The zero
// issue is none.
type issue struct {
	by     *affinity.Issuer
	seat   int
	secure bool
}

// append appends the cookie as a line of HTTP/1.1.
func (i *issue) append(out []byte) []byte {
	if i.by == nil {
		return out
	}
	out = i.by.AppendCookie(append(out, "Set-Cookie: "...), i.seat, i.secure)
	return append(out, "\r\n"...)
}
