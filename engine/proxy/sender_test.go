package proxy

import (
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/route"
)

// peerConn is a connection that only has a peer address.
type peerConn struct {
	netloop.Conn
	peer netip.AddrPort
}

func (c peerConn) Peer() netip.AddrPort        { return c.peer }
func (c peerConn) Anonymous() bool             { return false }
func (c peerConn) Listener() *netloop.Listener { return aListener }

var aListener = new(netloop.Listener)

// BenchmarkClientIPRoutes routes a request from a trusted peer with a list of
// addresses as long as a head can be, in tables with more and more routes by
// address. The work must not grow with either.
func BenchmarkClientIPRoutes(b *testing.B) {
	lists := map[string]string{
		"short":     "X-Forwarded-For: 203.0.113.9, 10.1.1.1\r\n",
		"trusted":   "X-Forwarded-For: " + strings.Repeat("10.1.1.1, ", 6000) + "10.1.1.1\r\n",
		"commas":    "X-Forwarded-For: " + strings.Repeat(",", 60000) + "\r\n",
		"forwarded": "Forwarded: " + strings.Repeat("for=10.1.1.1, ", 4200) + "for=10.1.1.1\r\n",
	}
	for _, routes := range []int{1, 100, 1000} {
		p := &plan.Plan{Forwarded: plan.ForwardedSet, TrustedProxies: trustLocal}
		group := &plan.Group{Name: "a"}
		for i := range routes {
			net := netip.PrefixFrom(netip.AddrFrom4([4]byte{192, byte(i >> 8), byte(i), 0}), 24)
			// The index cannot find half of them by address.
			m := match.ClientIP(net)
			if i%2 == 1 {
				m = match.Not(match.Not(match.Any(m, match.Websocket())))
			}
			group.Routes = append(group.Routes, plan.Route{Matcher: m})
		}
		p.Groups = []*plan.Group{group}
		table := route.Compile(p, func(string) *pool.Pool { return nil })
		for _, list := range []string{"short", "trusted", "commas", "forwarded"} {
			b.Run(fmt.Sprintf("%d/%s", routes, list), func(b *testing.B) {
				x := newHTTP1Client(nil)
				x.request.head, x.request.view.Head = &x.head.Request, &x.head.Request
				x.request.snap = &Snapshot{Plan: p}
				x.request.by = newListener(&plan.Listener{Forwarded: p.Forwarded, TrustedProxies: p.TrustedProxies}, slog.New(slog.DiscardHandler))
				x.c = peerConn{peer: netip.AddrPortFrom(local, 1)}
				head := []byte("GET / HTTP/1.1\r\nHost: a\r\n" + lists[list] + "\r\n")
				n, refused := x.head.Parse(head, &http1.Limits{MaxHead: 1 << 20, MaxLine: 8 << 10, MaxFields: 200})
				require.True(b, refused == nil && n > 0)
				b.ReportAllocs()
				for b.Loop() {
					x.request.from.read = false
					table.Match(&x.request.view)
				}
			})
		}
	}
}
