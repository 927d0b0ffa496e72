package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/affinity"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/request"
)

// stickyRig is a rig with one group that has this sticky.
func stickyRig(t *testing.T, driver string, set plan.Sticky, changes ...func(*plan.Group)) *rig {
	p := planOf(t, map[string]string{"default": "*"})
	for _, change := range changes {
		change(p.Groups[0])
	}
	p.Groups[0].Sticky, p.Groups[0].Instances = set, 3
	p.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	return newRig(t, driver, p)
}

// with answers each request with its worker's number as the body, and with more
// lines in the head, where "%d" is the number.
func with(i int, lines string) manner {
	return func(c net.Conn, in *bufio.Reader) {
		for {
			if _, err := readHead(in); err != nil {
				return
			}
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n%s\r\n%d", strings.ReplaceAll(lines, "%d", fmt.Sprint(i)), i)
		}
	}
}

// ask sends a request with these lines and returns what comes back.
func (r *rig) ask(line, lines string) (head, body string) {
	r.t.Helper()
	method, _, _ := strings.Cut(line, " ")
	c := r.client()
	c.say(line + "\r\nHost: a\r\n" + lines + "\r\n")
	head, body = c.hear(method)
	require.NoError(r.t, c.CloseWrite())
	_, _ = io.Copy(io.Discard, c)
	return head, body
}

var issuedLine = regexp.MustCompile(`\r\nSet-Cookie: (ldcorn_default=\d+\.[A-Za-z0-9_-]{22}); Path=/; HttpOnly; SameSite=Lax(; Secure)?\r\n`)

// cookieOf returns the cookie of ldcorn's own in a head, or "".
func cookieOf(head string) string {
	if m := issuedLine.FindStringSubmatch(head); m != nil {
		return m[1]
	}
	return ""
}

var issuedSet = plan.Sticky{Issued: plan.Issued{Name: "ldcorn", SameSite: plan.SameSiteLax}}

// TestIssuedCookie: a client gets a cookie with its first answer, and goes back
// to the same seat with it.
func TestIssuedCookie(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := stickyRig(t, driver, issuedSet)
		const own = "Set-Cookie: app=%d; Path=/x\r\nSet-Cookie: theme=dark\r\n"
		var ups []*upstream
		for i := range 3 {
			ups = append(ups, r.worker("default", with(i, own)))
		}
		seats := map[string]string{}
		for range 3 {
			head, seat := r.ask("GET / HTTP/1.1", "")
			cookie := cookieOf(head)
			require.NotEmpty(t, cookie, head)
			assert.Contains(t, head, "Set-Cookie: app="+seat+"; Path=/x\r\nSet-Cookie: theme=dark\r\n", "those of the app stay")
			seats[cookie] = seat
		}
		require.Len(t, seats, 3)
		for cookie, seat := range seats {
			for _, line := range []string{"GET / HTTP/1.1", "GET / HTTP/1.0", "DELETE /x HTTP/1.1"} {
				head, body := r.ask(line, "Cookie: a=b; "+cookie+"; c=d\r\n")
				assert.Equal(t, seat, body)
				assert.Empty(t, cookieOf(head), "it has one")
			}
			head, body := r.ask("GET / HTTP/1.1", "Cookie: ldcorn_default=0.forged\r\nCookie: "+cookie+"\r\n")
			assert.Equal(t, seat, body, "a forged one before it does no harm")
			assert.Empty(t, cookieOf(head))
			head, _ = r.ask("GET / HTTP/1.1", "Cookie: "+cookie[:len(cookie)-1]+"\r\n")
			assert.NotEmpty(t, cookieOf(head), "a bad one is none")
		}
		bonds := r.pools["default"].Bonds()
		assert.EqualValues(t, 12, bonds.Followed.Load())
		assert.EqualValues(t, 6, bonds.Issued.Load())
		assert.Zero(t, bonds.Strayed.Load())

		// A reload that replaces the process keeps the seat. A seat that is gone
		// is chosen anew.
		var cookie string
		for c, seat := range seats {
			if seat == "1" {
				cookie = c
			}
		}
		fresh := r.worker("default", with(9, ""), func(w *pool.Worker) { w.Index = 1 })
		r.pools["default"].Swap(nil, []*pool.Worker{ups[1].worker})
		r.publish()
		head, body := r.ask("GET / HTTP/1.1", "Cookie: "+cookie+"\r\n")
		assert.Equal(t, "9", body)
		assert.Empty(t, cookieOf(head))
		r.pools["default"].Swap(nil, []*pool.Worker{fresh.worker})
		head, body = r.ask("GET / HTTP/1.1", "Cookie: "+cookie+"\r\n")
		assert.Contains(t, []string{"0", "2"}, body)
		assert.Contains(t, cookieOf(head), "ldcorn_default="+body+".")
		assert.EqualValues(t, 1, bonds.Strayed.Load())
	})
}

// TestWhichAnswersGetACookie checks each kind of answer.
func TestWhichAnswersGetACookie(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		for name, c := range map[string]struct {
			line, lines, answer string
			issued              bool
		}{
			"HTTP/1.0":          {"GET / HTTP/1.0", "", hello, true},
			"HEAD":              {"HEAD / HTTP/1.1", "", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true},
			"an error":          {"GET / HTTP/1.1", "", "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", true},
			"chunked":           {"GET / HTTP/1.1", "", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", true},
			"until close":       {"GET / HTTP/1.1", "", "HTTP/1.1 200 OK\r\n\r\nx", true},
			"204":               {"GET / HTTP/1.1", "", "HTTP/1.1 204 OK\r\n\r\n", true},
			"304":               {"GET / HTTP/1.1", "", "HTTP/1.1 304 OK\r\n\r\n", false},
			"for shared caches": {"GET / HTTP/1.1", "", "HTTP/1.1 200 OK\r\nCache-Control: max-age=9, public\r\nContent-Length: 0\r\n\r\n", false},
			"interim before":    {"GET / HTTP/1.1", "", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + hello, true},
			"malformed":         {"GET / HTTP/1.1", "", "HTTP/1.1 200 OK\r\nbad line\r\n\r\n", false},
			"none":              {"POST / HTTP/1.1", "", "", false},
			"refused":           {"GET /%00 HTTP/1.1", "", hello, false},
		} {
			r := stickyRig(t, driver, issuedSet)
			r.worker("default", answers(c.answer))
			c2 := r.client()
			c2.say(c.line + "\r\nHost: a\r\n" + c.lines + "\r\n")
			head := c2.head()
			if strings.HasPrefix(head, "HTTP/1.1 103") {
				assert.NotContains(t, head, "Set-Cookie", name)
				head = c2.head()
			}
			assert.Equal(t, c.issued, cookieOf(head) != "", "%s: %s", name, head)
			assert.NotContains(t, head, "Secure", name)
			assert.Equal(t, c.issued, strings.Contains(head, "Set-Cookie"), name)
		}
	})
}

// TestEditedAnswersGetACookie: what counts is what the client and its caches see.
func TestEditedAnswersGetACookie(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		for _, c := range []struct {
			edits, answer string
			issued        bool
		}{
			{"set Cache-Control public", hello, false},
			{"set Cache-Control no-store", "HTTP/1.1 200 OK\r\nCache-Control: public\r\nContent-Length: 0\r\n\r\n", true},
			{"add Cache-Control no-cache", "HTTP/1.1 200 OK\r\nCache-Control: public\r\nContent-Length: 0\r\n\r\n", false},
			{"remove Set-Cookie", "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n", true},
		} {
			r := stickyRig(t, driver, issuedSet)
			r.plan.ResponseHeaders = edits(t, c.edits)
			r.publish()
			r.worker("default", answering(c.answer))
			head, _ := r.ask("GET / HTTP/1.1", "")
			assert.Equal(t, c.issued, cookieOf(head) != "", c.edits)
			assert.NotContains(t, head, "a=b")
		}
	})
}

func TestIssuedCookieIsSecure(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := stickyRig(t, driver, issuedSet)
		r.worker("default", with(0, ""))
		head, _ := r.ask("GET / HTTP/1.1", "X-Forwarded-Proto: https\r\n")
		assert.Regexp(t, `SameSite=Lax; Secure\r\n`, head)
	})
}

func TestIssuedCookieOnWebsocket(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := stickyRig(t, driver, issuedSet)
		for range 3 {
			r.worker("default", echoing)
		}
		c := r.client()
		c.say(handshake)
		head := c.head()
		cookie := cookieOf(head)
		require.NotEmpty(t, cookie, head)
		c.say("x")
		assert.Equal(t, "x", c.read(1))

		c = r.client()
		c.say(strings.Replace(handshake, "\r\nHost", "\r\nCookie: "+cookie+"\r\nHost", 1))
		assert.Equal(t, acceptedHead, c.head(), "it has one")
	})
}

// TestRouterKeyGoesFirst: a request with a key of the router neither follows its
// cookie nor gets one.
func TestRouterKeyGoesFirst(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		for _, set := range []plan.Sticky{issuedSet, {Session: plan.Session{In: plan.SessionHeader, Name: "s"}}} {
			p := planOf(t, map[string]string{"default": "*"})
			p.Groups[0].Sticky, p.Groups[0].Instances = set, 3
			p.Router = &fakeRouter{map[string]plan.Decision{"/": {}, "/keyed": {Group: "default", Key: "k"}}}
			r := newRig(t, driver, p)
			for i := range 3 {
				r.worker("default", with(i, "S: s%d\r\n"))
			}
			_, keyed := r.ask("GET /keyed HTTP/1.1", "")
			for range 6 {
				head, at := r.ask("GET / HTTP/1.1", "")
				lines := "S: s" + at + "\r\n"
				if cookie := cookieOf(head); cookie != "" {
					lines += "Cookie: " + cookie + "\r\n"
				}
				head, body := r.ask("GET /keyed HTTP/1.1", lines)
				assert.Equal(t, keyed, body)
				assert.Empty(t, cookieOf(head))
				_, body = r.ask("GET / HTTP/1.1", lines)
				assert.Equal(t, at, body)
			}
		}
	})
}

func sessionIn(place plan.SessionPlace, name string) plan.Sticky {
	return plan.Sticky{Session: plan.Session{In: place, Name: name}}
}

// TestSession: what an answer names is followed, on any connection, and what no
// answer names is not.
func TestSession(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		for name, c := range map[string]struct {
			set            plan.Sticky
			answer, follow string
		}{
			"header":  {sessionIn(plan.SessionHeader, "mcp-session-id"), "mcp-session-ID: id%d\r\n", "MCP-Session-Id: id%d\r\n"},
			"long":    {sessionIn(plan.SessionHeader, "x"), "X: " + strings.Repeat("x", 9000) + "%d\r\n", "X: " + strings.Repeat("x", 9000) + "%d\r\n"},
			"cookie":  {sessionIn(plan.SessionCookie, "io"), "Set-Cookie: a=b\r\nSet-Cookie: io=id%d; Path=/\r\n", "Cookie: x=y; io=id%d\r\n"},
			"several": {sessionIn(plan.SessionCookie, "io"), "Set-Cookie: io=z%d\r\nset-cookie: io=id%d\r\n", "Cookie: io=forged; io=id%d\r\nCookie: io=later\r\n"},
		} {
			r := stickyRig(t, driver, c.set)
			for i := range 3 {
				r.worker("default", with(i, c.answer))
			}
			for range 3 {
				r.ask("GET / HTTP/1.1", "")
			}
			for range 3 {
				for i := range 3 {
					_, body := r.ask("POST / HTTP/1.1", strings.ReplaceAll(c.follow, "%d", fmt.Sprint(i)))
					assert.Equal(t, fmt.Sprint(i), body, name)
				}
			}
			bonds := r.pools["default"].Bonds()
			known := bonds.Stats()
			assert.EqualValues(t, 9, bonds.Followed.Load(), name)
			_, _ = r.ask("POST / HTTP/1.1", strings.ReplaceAll(c.follow, "%d", "7"))
			assert.EqualValues(t, 1, bonds.Strayed.Load(), name)
			assert.Equal(t, known, bonds.Stats(), name)
		}
	})
}

// TestHolder: the proxy says which worker has the session of a request, without
// sending it.
func TestHolder(t *testing.T) {
	ask := func(r *rig, key, header, value string) string {
		t.Helper()
		sample, err := request.NewSample("GET /", request.SampleOptions{Headers: []request.Header{{Name: header, Value: value}}})
		require.NoError(t, err)
		worker, ok := r.proxy.Holder(sample, "default", key)
		if !ok {
			return "none"
		}
		return fmt.Sprint(worker)
	}
	r := stickyRig(t, "goroutine", sessionIn(plan.SessionHeader, "mcp-session-id"))
	for i := range 3 {
		r.worker("default", with(i, "Mcp-Session-Id: id%d\r\n"))
	}
	for range 3 {
		r.ask("GET / HTTP/1.1", "")
	}
	assert.Equal(t, "1", ask(r, "", "Mcp-Session-Id", "id1"))
	assert.Equal(t, "none", ask(r, "", "Mcp-Session-Id", "other"))
	assert.Equal(t, "none", ask(r, "", "X-Other", "id1"))
	assert.Contains(t, []string{"0", "1", "2"}, ask(r, "acme", "X-Other", "id1"), "a key of the router")
	_, ok := r.proxy.Holder(new(request.Sample), "nobody", "")
	assert.False(t, ok)

	r = stickyRig(t, "goroutine", issuedSet)
	for i := range 3 {
		r.worker("default", with(i, ""))
	}
	head, seat := r.ask("GET / HTTP/1.1", "")
	assert.Equal(t, seat, ask(r, "", "Cookie", cookieOf(head)))
	assert.Equal(t, "none", ask(r, "", "Cookie", "ldcorn_default=0.forged"))
}

// TestInventedSessionsTeachNothing: an app that repeats the id of a request does
// not let a client fill the table.
func TestInventedSessionsTeachNothing(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		for _, c := range []struct {
			set            plan.Sticky
			answer, invent string
		}{
			{sessionIn(plan.SessionHeader, "x"), "X: made-up\r\n", "X: other\r\nX: made-up\r\n"},
			{sessionIn(plan.SessionCookie, "io"), "Set-Cookie: io=made-up\r\n", "Cookie: io=other; io=made-up\r\n"},
			{sessionIn(plan.SessionCookie, "io"), "Set-Cookie: io=made-up\r\n", "Cookie: " + strings.Repeat("io=other; ", 999) + "io=made-up\r\n"},
		} {
			r := stickyRig(t, driver, c.set)
			r.worker("default", with(0, c.answer))
			r.ask("GET / HTTP/1.1", c.invent)
			assert.Zero(t, r.pools["default"].Bonds().Stats().Learned)
			r.ask("GET / HTTP/1.1", "")
			assert.EqualValues(t, 1, r.pools["default"].Bonds().Stats().Learned)
		}
	})
}

// TestSessionEnds: MCP's DELETE ends a session, and so does the end of its
// process.
func TestSessionEnds(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := stickyRig(t, driver, sessionIn(plan.SessionHeader, "mcp-session-id"))
		var ups []*upstream
		for i := range 2 {
			ups = append(ups, r.worker("default", with(i, "Mcp-Session-Id: id%d\r\n")))
		}
		r.ask("GET / HTTP/1.1", "")
		r.ask("GET / HTTP/1.1", "")
		bonds := r.pools["default"].Bonds()
		assert.Equal(t, 2, bonds.Stats().Known)
		_, body := r.ask("DELETE / HTTP/1.1", "Mcp-Session-Id: id1\r\n")
		assert.Equal(t, "1", body)
		assert.Equal(t, 1, bonds.Stats().Known)

		r.pools["default"].Swap(nil, []*pool.Worker{ups[0].worker})
		assert.Zero(t, bonds.Stats().Known)
		_, body = r.ask("POST / HTTP/1.1", "Mcp-Session-Id: id0\r\n")
		assert.Equal(t, "1", body)
	})
}

// opening answers each request by long polling with a handshake of Engine.IO,
// whose framed parts are written one by one, each once told to.
func opening(next chan struct{}, parts ...string) manner {
	return func(c net.Conn, in *bufio.Reader) {
		for {
			head, err := readHead(in)
			switch {
			case err != nil:
				return
			case strings.Contains(head, "sid="):
				io.WriteString(c, hello)
				continue
			}
			for _, part := range parts {
				io.WriteString(c, part)
				if _, ok := <-next; !ok {
					return
				}
			}
		}
	}
}

// TestEngineIOSession: the id is learnt from the body, however it is split, and
// before the client has the whole of it.
func TestEngineIOSession(t *testing.T) {
	const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	set := plan.Sticky{Session: plan.Session{In: plan.SessionQuery, Name: "sid", Learn: plan.LearnEngineIO}}
	eachDriver(t, func(t *testing.T, driver string) {
		for name, parts := range map[string][]string{
			"length":     {"HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n" + `0{"sid":"A-_B","x":"yyyy"`},
			"head first": {"HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n", `0{"sid":"A-_B","x":"yyyy"`},
			"in bytes":   {"HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n" + `0`, `{"s`, `id"`, `:"A-`, `_B`, `","x":"yyyy"`},
			"chunks":     {chunked + "4\r\n0{\"s\r\n", "9\r\nid\":\"A-_B\r\n", "2\r\n\"}\r\n0\r\n\r\n"},
			"chunks at once": {chunked + "1\r\n0\r\n1\r\n{\r\n4\r\n\"sid\r\n" +
				"9\r\n\":\"A-_B\"}\r\n0\r\n\r\n"},
			"a chunk in parts": {chunked + "f\r\n0{\"si", "d\":\"A-_B\"}\r", "\n0\r\n\r\n"},
			"protocol 3":       {"HTTP/1.1 200 OK\r\nContent-Length: 29\r\n\r\n" + `97:`, `0{"sid":"A-_B","x":"yyyyy"`},
			"until close":      {"HTTP/1.0 200 OK\r\n\r\n0{\"sid\"", `:"A-_B"}`},
		} {
			for _, cap := range []int{0, 4} { // with a cap, the answer is buffered
				engineIOSession(t, driver, set, name, parts, cap)
			}
		}
	})
}

func engineIOSession(t *testing.T, driver string, set plan.Sticky, name string, parts []string, cap int) {
	next := make(chan struct{})
	r := stickyRig(t, driver, set, func(g *plan.Group) { g.MaxReqPerWorker = cap })
	for range 3 {
		r.worker("default", opening(next, parts...))
	}
	c := r.client()
	c.say("GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n")
	bonds := r.pools["default"].Bonds()
	for range parts[1:] {
		next <- struct{}{}
	}
	soon(t, func() bool { return bonds.Stats().Known == 1 }, name)
	w, _ := bonds.Find([]byte("A-_B"))
	require.NotNil(t, w, name)
	close(next)
	for range 6 {
		r.ask("GET /socket.io/?EIO=4&transport=polling&sid=A-_B HTTP/1.1", "")
		r.ask("POST /socket.io/?sid=A%2D_B&EIO=4&sid=x HTTP/1.1", "")
	}
	assert.EqualValues(t, 12, bonds.Followed.Load(), name)
	assert.Zero(t, bonds.Strayed.Load(), name)
}

// TestEngineIOThatTeachesNothing: an answer that is not that of a handshake
// names no session.
func TestEngineIOThatTeachesNothing(t *testing.T) {
	set := plan.Sticky{Session: plan.Session{In: plan.SessionQuery, Name: "sid", Learn: plan.LearnEngineIO}}
	const body = `0{"sid":"ABC"}`
	answer := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	eachDriver(t, func(t *testing.T, driver string) {
		for name, c := range map[string]struct{ line, answer string }{
			"with a session":  {"GET /?EIO=4&sid=mine HTTP/1.1", answer},
			"another request": {"GET / HTTP/1.1", answer},
			"another method":  {"POST /?EIO=4 HTTP/1.1", answer},
			"HEAD":            {"HEAD /?EIO=4 HTTP/1.1", answer[:strings.Index(answer, "0{")]},
			"an error":        {"GET /?EIO=4 HTTP/1.1", strings.Replace(answer, "200", "400", 1)},
			"304":             {"GET /?EIO=4 HTTP/1.1", "HTTP/1.1 304 No\r\n\r\n"},
			"a page":          {"GET /?EIO=4 HTTP/1.1", hello},
			"a long body":     {"GET /?EIO=4 HTTP/1.1", "HTTP/1.1 200 OK\r\nContent-Length: 700\r\n\r\n0{" + strings.Repeat(" ", 600) + `"sid":"ABC"` + strings.Repeat(" ", 87)},
		} {
			r := stickyRig(t, driver, set)
			r.worker("default", answering(c.answer))
			r.ask(c.line, "")
			assert.Zero(t, r.pools["default"].Bonds().Stats().Learned, name)
		}
	})
}

// TestManySessions: the table stays bounded while answers teach, and the
// requests of sessions that it forgets go anywhere.
func TestManySessions(t *testing.T) {
	r := stickyRig(t, "", sessionIn(plan.SessionHeader, "s"))
	u := r.worker("default", with(0, "S: id%d\r\n"))
	for i := range affinity.MaxSessions + 10 {
		u.worker.LearnSession(fmt.Append(nil, i))
	}
	stats := r.pools["default"].Bonds().Stats()
	assert.Equal(t, affinity.MaxSessions, stats.Known)
	assert.EqualValues(t, 10, stats.Evicted)
	head, _ := r.ask("GET / HTTP/1.1", "S: 0\r\n")
	assert.Contains(t, head, " 200 ")
	assert.EqualValues(t, 1, r.pools["default"].Bonds().Strayed.Load())
}

// TestSessionIsRepeatedAtItsProcess: a request whose connection breaks, because
// the worker ends an idle one, goes to the same process again: no other knows
// its session.
func TestSessionIsRepeatedAtItsProcess(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		for name, set := range map[string]plan.Sticky{"seat": issuedSet, "session": sessionIn(plan.SessionHeader, "s")} {
			r := stickyRig(t, driver, set)
			answer := "HTTP/1.1 200 OK\r\nS: id\r\nContent-Length: 1\r\n\r\n0"
			r.worker("default", func(c net.Conn, in *bufio.Reader) {
				readHead(in)
				io.WriteString(c, answer)
				readHead(in) // the next request gets no answer
			})
			head, _ := r.ask("GET / HTTP/1.1", "")
			r.worker("default", with(1, ""))
			lines := "S: id\r\n"
			if cookie := cookieOf(head); cookie != "" {
				lines = "Cookie: " + cookie + "\r\n"
			}
			for range 3 {
				_, body := r.ask("GET / HTTP/1.1", lines)
				assert.Equal(t, "0", body, name)
			}
		}
	})
}

// TestBondsAllocateNothing: requests that follow their cookie or session
// allocate nothing.
func TestBondsAllocateNothing(t *testing.T) {
	countsAllocations(t)
	for _, driver := range netloop.Drivers() {
		if driver == "goroutine" {
			continue
		}
		key := plan.Secret("a key of many bytes")
		issued := plan.Sticky{Issued: plan.Issued{Name: "ldcorn", Key: key}}
		pair := strings.SplitN(string(affinity.NewIssuer(&plan.Group{Name: "default", Instances: 3, Sticky: issued}, nil).AppendCookie(nil, 0, false)), ";", 2)[0]
		for name, c := range map[string]struct {
			set           plan.Sticky
			target, lines string
		}{
			"issued": {issued, "/", "Cookie: a=b; " + pair + "\r\n"},
			"none":   {issued, "/", ""},
			"header": {sessionIn(plan.SessionHeader, "s"), "/", "S: x\r\n"},
			"cookie": {sessionIn(plan.SessionCookie, "io"), "/", "Cookie: a=b; io=x\r\n"},
			"query":  {plan.Sticky{Session: plan.Session{In: plan.SessionQuery, Name: "sid", Learn: plan.LearnEngineIO}}, "/?EIO=4&sid=%78", ""},
		} {
			r := stickyRig(t, driver, c.set)
			in := "GET " + c.target + " HTTP/1.1\r\nHost: a\r\n" + c.lines + "\r\n"
			u := r.worker("default", parrot(in, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nS: x\r\nSet-Cookie: io=x\r\n\r\nhello"))
			u.worker.LearnSession([]byte("x"))
			crowd := newCrowd(r, 16, in, "hello")
			for range 20 {
				crowd.ask(t)
			}
			allocs := testing.AllocsPerRun(60, func() { crowd.ask(t) })
			assert.Less(t, allocs/16, 0.5, "%s, %s", driver, name)
		}
	}
}

// FuzzHandshakeSplits checks that a handshake that comes in many parts teaches
// what it teaches as a whole.
func FuzzHandshakeSplits(f *testing.F) {
	for i, s := range []string{`0{"sid":"ABC"}`, `97:0{"sid" : "A\"C"}`, "\x00\x09\xff0{\"sid\":\"ABC\"}", "0{" + strings.Repeat(" ", 505) + `"sid":"ABC"`, "<html>"} {
		f.Add([]byte(s), uint64(i))
	}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		p := pool.New(&plan.Group{Name: "p"})
		w := pool.NewWorker(0, 1, "")
		p.Swap([]*pool.Worker{w}, nil)
		b := bond{worker: w, handshake: true}
		for _, part := range splitAt(data, seed) {
			if b.handshake && len(part) > 0 {
				b.readHandshake(part)
			}
		}
		require.LessOrEqual(t, len(b.start), affinity.MaxHandshake)
		id, more := affinity.EngineIO(data)
		_, known := p.Bonds().Find(id)
		require.Equal(t, id != nil, known)
		require.Equal(t, known, p.Bonds().Stats().Known == 1)
		if len(data) > 0 {
			require.Equal(t, more, b.handshake)
		}
	})
}
