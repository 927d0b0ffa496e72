package proxy

import (
	"bufio"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/buffer"
	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/result"
)

const (
	owed      = 790_000 // bytes of an answer that fills the share of a client
	slowShare = 448 << 10
)

// owing returns a plan with two slots, in which a client may keep slowShare bytes of
// answers, and everybody together four times as many.
func owing(t testing.TB) *plan.Plan {
	p := buffered(t, 16*megabyte)
	p.Groups[0].MaxReqPerWorker = 2
	p.BufferLimit, p.BufferMemory = 4*slowShare, megabyte
	return p
}

// stranger is a client with another address.
func (r *rig) stranger() *client {
	r.t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	c, err := d.Dial("tcp", r.addr)
	require.NoError(r.t, err)
	r.t.Cleanup(func() { c.Close() })
	require.NoError(r.t, c.SetDeadline(time.Now().Add(patience)))
	return &client{c.(*net.TCPConn), r.t, bufio.NewReader(c)}
}

// readers are n clients that ask for much, and read nothing.
func (r *rig) readers(n int) []*client {
	r.t.Helper()
	var all []*client
	for range n {
		c := r.reader()
		c.say(http1test.Get("/much"))
		all = append(all, c)
	}
	return all
}

// waitsForShare waits until n requests are held back.
func (r *rig) waitsForShare(n int) {
	r.t.Helper()
	soon(r.t, func() bool {
		all, _ := r.inHand(1000)
		all = slices.DeleteFunc(all, func(h InHand) bool { return h.Stage != StageQueued || h.Wants.Kind != pool.WantShare })
		return len(all) == n && r.proxy.buffers.Stats().Waiting == n && r.pools["default"].Queued() == 0
	}, "not so many are held back")
}

// whenReleased answers requests for much when told to, and others at once.
func whenReleased(release <-chan struct{}) manner {
	much := framings[0].frame(bodyText(owed))
	return func(c net.Conn, in *bufio.Reader) {
		for {
			head, err := readHead(in)
			switch {
			case err != nil:
				return
			case strings.Contains(head, " /much "):
				<-release
				io.WriteString(c, much)
			default:
				io.WriteString(c, hello)
			}
		}
	}
}

// TestHeldBack checks that a client that does not take its answers gets no slot once
// it has its share of the buffers: neither for requests that come then, nor for those
// that wait already. It does once it has taken some.
func TestHeldBack(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*plan.Group)
		before int // readers that wait when the share fills
	}{
		"new":      {func(*plan.Group) {}, 0},
		"queued":   {func(*plan.Group) {}, 8},
		"adaptive": {func(g *plan.Group) { g.Queue = plan.DisciplineAdaptive }, 8},
		"fair":     {func(g *plan.Group) { g.Fair.By = match.KeyClientIP }, 8},
		"limits":   {func(g *plan.Group) { g.Limits = []plan.Limit{{Name: "gpu", Size: 2}} }, 8},
		"sticky":   {func(g *plan.Group) { g.Sticky.Key.By = match.KeyClientIP }, 8},
	} {
		t.Run(name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				p := owing(t)
				c.change(p.Groups[0])
				r := narrowRig(t, driver, p)
				r.hasDisk()
				release := make(chan struct{})
				u := r.worker("default", whenReleased(release))
				readers := r.readers(2)
				soon(t, func() bool { return u.heads() == 2 }, "they have no slots")
				readers = append(readers, r.readers(c.before)...)
				soon(t, func() bool { return r.pools["default"].Queued() == c.before }, "not queued")
				release <- struct{}{}
				release <- struct{}{}
				r.inStage(2, StageSending)
				r.waitsForShare(c.before)
				if c.before == 0 {
					readers = append(readers, r.readers(4)...)
					r.waitsForShare(4)
				}
				r.idleAgain(u)
				other := r.stranger()
				other.say(http1test.Get("/"))
				_, hi := other.hear("GET")
				assert.Equal(t, "hello", hi)
				assert.Equal(t, 3, u.heads())
				close(release)
				var all sync.WaitGroup
				for _, c := range readers {
					c.open()
					all.Go(func() {
						n, _ := io.CopyN(io.Discard, c, owed)
						assert.EqualValues(t, owed, n)
					})
				}
				all.Wait()
				assert.Equal(t, 1+len(readers), u.heads())
				r.emptyAgain()
				r.idleAgain(u)
				assert.Zero(t, r.pools["default"].Queued())
			})
		})
	}
}

// owes makes the client of tests have its share in answers, until it takes them.
func (r *rig) owes() (takes func()) {
	r.t.Helper()
	client := netip.MustParseAddr("127.0.0.1")
	answers := make([]buffer.Buffer, 4)
	for i := range answers {
		answers[i].InitAnswer(r.proxy.buffers, megabyte, client)
		_, err := answers[i].Append(nil, make([]byte, buffer.InMemory))
		require.NoError(r.t, err)
	}
	require.True(r.t, r.proxy.buffers.Owes(client))
	return func() {
		for i := range answers {
			answers[i].Release()
		}
	}
}

// TestHeldBack_Ends checks that a request that is held back ends when its client
// leaves, and gets an error when the client has taken nothing for a while.
func TestHeldBack_Ends(t *testing.T) {
	for name, leaves := range map[string]bool{"left": true, "late": false} {
		t.Run(name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				recs := make(chan result.Result, 8)
				r := newRig(t, driver, owing(t), func(o *Options) {
					o.Observer = observerFunc(func(rec *result.Result) { recs <- *rec })
					if !leaves {
						o.Stall = shortStall
					}
				})
				takes := r.owes()
				c := r.client()
				c.say(http1test.Get("/"))
				if leaves {
					r.waitsForShare(1)
					require.NoError(t, c.SetLinger(0))
					c.Close()
					assert.Equal(t, result.KindGone, (<-recs).Kind)
				} else {
					head, body := c.hear("GET")
					assert.Contains(t, head, " 503 ")
					assert.Contains(t, head, "Retry-After: ")
					assert.Contains(t, body, "this client has not taken its earlier answers")
					rec := <-recs
					assert.Equal(t, result.KindShare, rec.Kind)
					assert.Equal(t, -1, rec.Worker)
					assert.Positive(t, rec.Queued)
				}
				assert.Zero(t, r.proxy.buffers.Stats().Waiting)
				takes()
				r.emptyAgain()
			})
		})
	}
}

// TestHeldBack_Without checks what is not held back: requests of a group that has
// nothing scarce.
func TestHeldBack_Without(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := owing(t)
		free := planOf(t, map[string]string{"free": "/free"}).Groups[0]
		p.Groups = append(p.Groups, free)
		r := newRig(t, driver, p)
		r.worker("free", serves)
		defer r.owes()()
		held, c := r.client(), r.client()
		held.say(http1test.Get("/"))
		r.waitsForShare(1)
		c.say(http1test.Get("/free"))
		_, body := c.hear("GET")
		assert.Equal(t, "hello", body)
	})
}
