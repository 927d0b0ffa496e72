package proxy

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestDroppedNames checks that a header that is dropped because of its name is
// logged once, and that no client can fill the log with names.
func TestDroppedNames(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		var out bytes.Buffer
		r := newRig(t, driver, nil, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&out, nil)) })
		u := r.worker("default", answering(hello))
		ask := func(lines string) string {
			c := r.client()
			c.say(http1test.Post(lines + "Content-Length: 0\r\nConnection: close\r\n"))
			c.rest()
			r.idleAgain(u)
			got := u.received()
			return got[len(got)-1]
		}
		got := ask("X_User: mallory\r\nX.Dot: 1\r\nX-Plain: 2\r\nKeep-Alive: 3\r\n")
		assert.NotContains(t, got, "mallory")
		assert.Contains(t, got, "\r\nX.Dot: 1\r\nX-Plain: 2\r\n")
		ask("x_user: mallory\r\nX_USER: mallory\r\nX_Other: 1\r\n")
		r.stop()
		<-r.proxy.Drained()
		assert.Equal(t, 2, strings.Count(out.String(), "dropped a header"), out.String())
		assert.Contains(t, out.String(), "see underscores_in_headers\" name=X_User\n")
		assert.NotContains(t, out.String(), "mallory")
	})
	var out bytes.Buffer
	d := droppedNames{log: slog.New(slog.NewTextHandler(&out, nil))}
	for i := range 3 * maxDroppedNames {
		d.tell(fmt.Appendf(nil, "x_%d", i))
	}
	assert.Equal(t, maxDroppedNames, strings.Count(out.String(), "dropped a header"))
	assert.Equal(t, 1, strings.Count(out.String(), "dropped headers with too many names"))
}

// TestUnderscoresInHeaders checks that such headers reach the app if the plan
// allows them, except those that the app could mistake for one of ldcorn's, or
// of the plan's edits.
func TestUnderscoresInHeaders(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p := planOf(t, map[string]string{"default": "*"})
		p.UnderscoresInHeaders = true
		for _, e := range []struct {
			action plan.HeaderOp
			name   string
		}{{plan.HeaderSet, "X-User"}, {plan.HeaderRemove, "X-Auth-Token"}, {plan.HeaderSet, "y_z"}} {
			edit, err := plan.NewHeaderEdit(e.action, e.name, plan.Text{})
			assert.NoError(t, err)
			p.RequestHeaders = append(p.RequestHeaders, edit)
		}
		r := newRig(t, driver, p)
		u := r.worker("default", answering(hello))
		r.send(http1test.Post("A_B: good\r\nX_User: evil\r\nx_auth-TOKEN: evil\r\nX-Auth_Token: evil\r\nY-Z: evil\r\nX_Forwarded_For: evil\r\n" +
			"X_Real_IP: evil\r\nX_Request_ID: evil\r\nX_Forwarded-Prefix: evil\r\nContent_Length: evil\r\nConnection: close\r\n"))
		got := u.received()[0]
		assert.Contains(t, got, "\r\nA_B: good\r\n")
		assert.NotContains(t, got, "evil")
	})
}

// TestOffersUpgrade checks that a 426 keeps the header that says what the
// client should have asked for.
func TestOffersUpgrade(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		r.worker("default", answering("HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nContent-Length: 2\r\n\r\nno"))
		c := r.client()
		c.say(http1test.Get("/"))
		head := c.head()
		assert.Equal(t, "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nContent-Length: 2\r\nConnection: Upgrade\r\n\r\n", head)
	})
}

// TestAbsoluteForm checks that the app sees the host of the target.
func TestAbsoluteForm(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"GET http://b.example:81/x?y HTTP/1.1\r\nX-A: 1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET /x?y HTTP/1.1\r\nX-A: 1\r\nHost: b.example:81\r\n"},
		{"GET http://b HTTP/1.0\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: b\r\n"},
		{"GET http://b:/ HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: b\r\n"},
		{"GET / HTTP/1.2\r\nHost: a:\r\nConnection: close\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n"},
	} {
		eachDriver(t, func(t *testing.T, driver string) {
			r := newRig(t, driver, nil)
			u := r.worker("default", answering(hello))
			assert.Contains(t, r.send(c.in), "HTTP/1.1 200 ")
			assert.Contains(t, u.received()[0], c.want)
			assert.Equal(t, 1, strings.Count(u.received()[0], "\r\nHost: "))
		})
	}
}
