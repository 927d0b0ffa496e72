package proxy

import (
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestOwnHost checks that a request without a host gets the address that it
// came to, also for routes and forwarded fields.
func TestOwnHost(t *testing.T) {
	for _, c := range []struct{ network, listen, dial, name string }{
		{"tcp4", "127.0.0.1:0", "127.0.0.1", "127.0.0.1"},
		{"tcp4", "0.0.0.0:0", "127.0.0.1", "127.0.0.1"},
		{"tcp", "[::]:0", "127.0.0.1", "127.0.0.1"},
		{"tcp6", "[::1]:0", "::1", "[::1]"},
		{"unix", "", "", "localhost"},
	} {
		t.Run(c.network+" "+c.listen, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				listen, want := c.listen, c.name
				if c.network == "unix" {
					listen = filepath.Join(t.TempDir(), "s")
				}
				ln, err := net.Listen(c.network, listen)
				if err != nil && strings.HasPrefix(listen, "[") {
					t.Skip("this machine has no IPv6")
				}
				require.NoError(t, err)
				dial := ln.Addr().String()
				if c.network != "unix" {
					_, port, err := net.SplitHostPort(dial)
					require.NoError(t, err)
					dial, want = net.JoinHostPort(c.dial, port), c.name+":"+port
				}
				p := planOf(t, map[string]string{"default": "*"})
				p.Groups[0].Routes = []plan.Route{plan.Route{Matcher: match.Host(c.name)}}
				r := newRigOn(t, driver, p, ln)
				u := r.worker("default", answering(hello))
				conn, err := net.Dial(ln.Addr().Network(), dial)
				require.NoError(t, err)
				defer conn.Close()
				_, err = io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n")
				require.NoError(t, err)
				got, err := io.ReadAll(conn)
				require.NoError(t, err)
				require.Contains(t, string(got), "200 OK")
				assert.Contains(t, u.received()[0], "\r\nHost: "+want+"\r\n")
				assert.Contains(t, u.received()[0], "\r\nX-Forwarded-Host: "+want+"\r\n")
			})
		})
	}
}
