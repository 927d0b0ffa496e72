package proxy

import (
	"io"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/plan"
)

var (
	trustLocal = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	anywhere   = netip.MustParseAddr("198.51.100.7")
	local      = netip.MustParseAddr("10.0.0.1")
	onUnix     = netip.Addr{}
)

// TestForwarded checks what a worker learns about the client, for each mode,
// trusted proxies, peer and received fields. Want omits Host and Port if they
// are "a.b" and the listener's 8000.
func TestForwarded(t *testing.T) {
	const spoofed = "X-Forwarded-For: 1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Port: 1\r\nForwarded: for=1.2.3.4\r\n"
	for _, c := range []struct {
		why     string
		mode    plan.Forwarded
		trusted []netip.Prefix
		peer    netip.Addr
		in      string
		want    string
	}{
		{"what we saw", plan.ForwardedSet, nil, anywhere, "", "For: 198.51.100.7 Real: 198.51.100.7 Proto: http"},
		{"what a client says of itself is not believed", plan.ForwardedSet, nil, anywhere, spoofed, "For: 198.51.100.7 Real: 198.51.100.7 Proto: http"},
		{"nor in append from who is not trusted", plan.ForwardedAppend, trustLocal, anywhere, spoofed, "For: 198.51.100.7 Real: 198.51.100.7 Proto: http"},
		{"append with nobody trusted is set", plan.ForwardedAppend, nil, local, spoofed, "For: 10.0.0.1 Real: 10.0.0.1 Proto: http"},
		{"off removes and writes none", plan.ForwardedOff, trustLocal, local, spoofed, ""},
		{"IPv6", plan.ForwardedSet, nil, netip.MustParseAddr("2001:db8::1"), "", "For: 2001:db8::1 Real: 2001:db8::1 Proto: http"},

		{"a trusted proxy is believed", plan.ForwardedSet, trustLocal, local, "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n",
			"For: 203.0.113.9 Real: 203.0.113.9 Proto: https Port: 443"},
		{"its host and port too", plan.ForwardedSet, trustLocal, local, "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: HTTPS\r\nX-Forwarded-Host: www.c:99\r\nX-Forwarded-Port: 98\r\n",
			"For: 203.0.113.9 Real: 203.0.113.9 Proto: https Host: www.c:99 Port: 98"},
		{"the port of its host", plan.ForwardedSet, trustLocal, local, "X-Forwarded-Proto: https\r\nX-Forwarded-Host: [2001:db8::1]:99\r\n",
			"For: 10.0.0.1 Real: 10.0.0.1 Proto: https Host: [2001:db8::1]:99 Port: 99"},
		{"a host without port", plan.ForwardedSet, trustLocal, local, "X-Forwarded-Proto: http\r\nX-Forwarded-Host: [2001:db8::1]\r\n",
			"For: 10.0.0.1 Real: 10.0.0.1 Proto: http Host: [2001:db8::1] Port: 80"},
		{"a proto, host and port that are none", plan.ForwardedSet, trustLocal, local, "X-Forwarded-Proto: gopher\r\nX-Forwarded-Host: a b\r\nX-Forwarded-Port: 99999999\r\n",
			"For: 10.0.0.1 Real: 10.0.0.1 Proto: http Port: 80"},
		{"the nearest proxy's proto", plan.ForwardedSet, trustLocal, local, "X-Forwarded-Proto: http, https\r\n",
			"For: 10.0.0.1 Real: 10.0.0.1 Proto: https Port: 443"},
		{"append keeps the trusted part of the list", plan.ForwardedAppend, trustLocal, local, "X-Forwarded-For: 203.0.113.9, 10.1.1.1\r\n",
			"For: 203.0.113.9, 10.1.1.1, 10.0.0.1 Real: 203.0.113.9 Proto: http"},
		{"right-most untrusted wins: what is left of it is made up", plan.ForwardedSet, trustLocal, local, "X-Forwarded-For: 1.2.3.4, 10.9.9.9, 203.0.113.9, 10.1.1.1\r\n",
			"For: 203.0.113.9 Real: 203.0.113.9 Proto: http"},
		{"and is cut off in append: Uvicorn takes the left-most", plan.ForwardedAppend, trustLocal, local, "X-Forwarded-For: 1.2.3.4, 10.9.9.9, 203.0.113.9, 10.1.1.1\r\n",
			"For: 203.0.113.9, 10.1.1.1, 10.0.0.1 Real: 203.0.113.9 Proto: http"},
		{"several fields are one list", plan.ForwardedAppend, trustLocal, local, "X-Forwarded-For: 1.2.3.4\r\nX-Other: y\r\nx-forwarded-for: 203.0.113.9\r\nX-Forwarded-For: 10.1.1.1\r\n",
			"For: 203.0.113.9, 10.1.1.1, 10.0.0.1 Real: 203.0.113.9 Proto: http"},
		{"all of them trusted: the left-most", plan.ForwardedSet, trustLocal, local, "X-Forwarded-For: 10.2.2.2, 10.1.1.1\r\n",
			"For: 10.2.2.2 Real: 10.2.2.2 Proto: http"},
		{"nothing left of what is no address", plan.ForwardedAppend, trustLocal, local, "X-Forwarded-For: 203.0.113.9, unknown, 10.1.1.1\r\n",
			"For: 10.1.1.1, 10.0.0.1 Real: 10.1.1.1 Proto: http"},
		{"no address next to us", plan.ForwardedAppend, trustLocal, local, "X-Forwarded-For: 203.0.113.9, _hidden\r\n",
			"For: 10.0.0.1 Real: 10.0.0.1 Proto: http"},
		{"ports, brackets, quotes and mapped addresses", plan.ForwardedAppend, trustLocal, local, "X-Forwarded-For: \"[2001:db8::1]:443\", 10.1.1.1:80, [fd00::1], ::ffff:10.3.3.3\r\n",
			"For: 2001:db8::1, 10.1.1.1, fd00::1, 10.3.3.3, 10.0.0.1 Real: 2001:db8::1 Proto: http"},
		{"a zone means nothing here", plan.ForwardedSet, trustLocal, local, "X-Forwarded-For: fe80::1%eth0\r\n",
			"For: 10.0.0.1 Real: 10.0.0.1 Proto: http"},
		{"a field that is empty", plan.ForwardedAppend, trustLocal, local, "X-Forwarded-For: , \r\n",
			"For: 10.0.0.1 Real: 10.0.0.1 Proto: http"},

		{"a client on our unix socket has no address", plan.ForwardedSet, nil, onUnix, spoofed, "Proto: http Port: "},
		{"with proxies in front it is one of them", plan.ForwardedSet, trustLocal, onUnix, "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n",
			"For: 203.0.113.9 Real: 203.0.113.9 Proto: https Port: 443"},
		{"and appends nothing of its own", plan.ForwardedAppend, trustLocal, onUnix, "X-Forwarded-For: 1.2.3.4, 203.0.113.9, 10.1.1.1\r\n",
			"For: 203.0.113.9, 10.1.1.1 Real: 203.0.113.9 Proto: http Port: "},
		{"nor need it know the client", plan.ForwardedAppend, trustLocal, onUnix, "", "Proto: http Port: "},
	} {
		t.Run(c.why, func(t *testing.T) {
			f := newForwarder(c.mode, c.trusted, slog.New(slog.DiscardHandler))
			var req http1.Request
			_, err := req.Parse([]byte("GET / HTTP/1.1\r\nHost: a.b\r\n"+c.in+"\r\n"), nil)
			require.Nil(t, err)
			got := string(f.append(nil, &req.Request, senderOf(&f, &req.Request, c.peer), false))
			at := strings.LastIndex("\n"+got, "\nForwarded: ")
			if at < 0 {
				at = len(got)
			}
			got, field := got[:at], got[at:]
			assert.Equal(t, forwardedLines(c.want), got)
			assert.Equal(t, sameInForwarded(got), field)
		})
	}
}

// sameInForwarded returns the Forwarded field that says the same as lines.
func sameInForwarded(lines string) string {
	if lines == "" {
		return ""
	}
	said := map[string]string{"X-Forwarded-For": ""}
	for line := range strings.SplitSeq(strings.TrimSuffix(lines, "\r\n"), "\r\n") {
		name, value, _ := strings.Cut(line, ": ")
		said[name] = value
	}
	host := said["X-Forwarded-Host"]
	if strings.Contains(host, ":") {
		host = strconv.Quote(host)
	}
	var out []string
	for i, addr := range strings.Split(said["X-Forwarded-For"], ", ") {
		switch {
		case addr == "":
			addr = "unknown"
		case strings.Contains(addr, ":"):
			addr = `"[` + addr + `]"`
		}
		out = append(out, "for="+addr)
		if i == 0 {
			out[0] += ";host=" + host + ";proto=" + said["X-Forwarded-Proto"]
		}
	}
	return "Forwarded: " + strings.Join(out, ", ") + "\r\n"
}

// senderOf reads the sender of a request.
func senderOf(f *forwarder, req *head.Request, peer netip.Addr) *sender {
	var s sender
	ours := "8000"
	if !peer.IsValid() {
		ours = ""
	}
	f.read(&s, req, peer, ours, false)
	return &s
}

// forwardedLines expands the short form.
func forwardedLines(short string) string {
	if short == "" {
		return ""
	}
	if !strings.Contains(short, "Host: ") {
		at := strings.Index(short+" Port: ", " Port: ")
		short = short[:at] + " Host: a.b" + short[at:]
	}
	if !strings.Contains(short, "Port: ") {
		short += " Port: 8000"
	}
	short = strings.TrimSuffix(short, " Port: ")
	return strings.NewReplacer(
		"For: ", "X-Forwarded-For: ", " Real: ", "\r\nX-Real-IP: ", " Proto: ", "\r\nX-Forwarded-Proto: ", "Proto: ", "X-Forwarded-Proto: ",
		" Host: ", "\r\nX-Forwarded-Host: ", " Port: ", "\r\nX-Forwarded-Port: ",
	).Replace(short) + "\r\n"
}

// TestForwardedOverSockets checks that the proxy uses the connection's peer.
func TestForwardedOverSockets(t *testing.T) {
	const in = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n"
	for _, network := range []string{"tcp4", "tcp6", "unix"} {
		t.Run(network, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				addr := map[string]string{"tcp4": "127.0.0.1:0", "tcp6": "[::1]:0", "unix": filepath.Join(t.TempDir(), "s")}[network]
				ln, err := net.Listen(network, addr)
				if err != nil && network == "tcp6" {
					t.Skip("this machine has no IPv6")
				}
				require.NoError(t, err)
				r := newRigOn(t, driver, nil, ln)
				u := r.worker("default", answering(hello))
				c, err := net.Dial(network, ln.Addr().String())
				require.NoError(t, err)
				defer c.Close()
				_, err = io.WriteString(c, in)
				require.NoError(t, err)
				_, err = io.ReadAll(c)
				require.NoError(t, err)
				got := u.received()[0]
				assert.NotContains(t, got, "203.0.113.9")
				want := map[string]string{"tcp4": "\r\nX-Forwarded-For: 127.0.0.1\r\n", "tcp6": "\r\nX-Forwarded-For: ::1\r\n", "unix": "\r\nX-Forwarded-Proto: http\r\n"}[network]
				assert.Contains(t, got, want)
			})
		})
	}
}

// TestForwardedNamesAreOurs checks that no field whose name begins with
// X-Forwarded- passes from a client to a worker, in any mode and spelling, not
// even from a trusted peer.
func TestForwardedNamesAreOurs(t *testing.T) {
	names := []string{"X-Forwarded-Prefix", "X-Forwarded-Server", "X-Forwarded-Ssl", "X-Forwarded-Scheme", "X-Forwarded-Protocol",
		"X-Forwarded-User", "X-Forwarded-", "X-Forwarded-Path", "X-Forwarded-By", "X-Real-IP"}
	var in string
	for _, name := range names {
		for _, spelled := range []string{name, strings.ToLower(name), strings.ToUpper(name), strings.ReplaceAll(name, "-", "_"), strings.Replace(name, "-", "_", 1)} {
			in += spelled + ": evil\r\n"
		}
	}
	for _, mode := range []plan.Forwarded{plan.ForwardedSet, plan.ForwardedAppend, plan.ForwardedOff} {
		for i, strip := range []string{"", "/api"} {
			for _, trusted := range [][]netip.Prefix{nil, {netip.MustParsePrefix("127.0.0.0/8")}} {
				p := planOf(t, map[string]string{"default": "*"})
				p.Forwarded, p.TrustedProxies, p.Groups[0].StripPrefix = mode, trusted, strip
				p.UnderscoresInHeaders = i == 1 // lets through names that no framework takes for ours
				r := newRig(t, "goroutine", p)
				u := r.worker("default", answering(hello))
				assert.Contains(t, r.send("GET /api/x HTTP/1.1\r\nHost: a\r\n"+in+"Connection: close\r\n\r\n"), "200 OK")
				assert.NotContains(t, u.received()[0], "evil", "mode %s, strip_prefix %q, trusted %v", mode, strip, trusted)
			}
		}
	}
}

// TestForwardedAllocatesNothing checks that also behind a trusted proxy.
func TestForwardedAllocatesNothing(t *testing.T) {
	f := newForwarder(plan.ForwardedAppend, trustLocal, slog.New(slog.DiscardHandler))
	var req http1.Request
	_, err := req.Parse([]byte("GET / HTTP/1.1\r\nHost: a.b\r\nX-Forwarded-For: 2001:db8::1, 10.1.1.1\r\n\r\n"), nil)
	require.Nil(t, err)
	var s sender
	f.read(&s, &req.Request, local, "8000", false)
	out := f.append(nil, &req.Request, &s, false)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		f.read(&s, &req.Request, local, "8000", false)
		out = f.append(out[:0], &req.Request, &s, false)
	}))
}
