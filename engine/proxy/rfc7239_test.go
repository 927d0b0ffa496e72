package proxy

import (
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestReadForwarded checks what the proxy takes from the Forwarded field of a
// trusted peer, 10.0.0.1.
func TestReadForwarded(t *testing.T) {
	f := newForwarder(plan.ForwardedAppend, trustLocal, slog.New(slog.DiscardHandler))
	for _, c := range []struct{ why, in, want string }{
		{"RFC 7239 section 4", "Forwarded: for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60 http"},
		{"names have no case", "forwarded: FOR=192.0.2.60; Proto=HTTPS; HOST=b.c", "192.0.2.60 HTTPS b.c"},
		{"IPv6 in brackets, with a port", `Forwarded: For="[2001:db8:cafe::17]:4711"`, "2001:db8:cafe::17"},
		{"IPv6 in brackets, without", `Forwarded: for="[2001:db8::1]";host="[::1]:99"`, "2001:db8::1 [::1]:99"},
		{"a port", `Forwarded: for="192.0.2.43:47011"`, "192.0.2.43"},
		{"a hidden port", `Forwarded: for="192.0.2.43:_gazonk"`, "192.0.2.43"},
		{"mapped", `Forwarded: for="[::ffff:192.0.2.43]"`, "192.0.2.43"},
		{"through two proxies", "Forwarded: for=192.0.2.43, for=10.1.1.1", "192.0.2.43 via 10.1.1.1"},
		{"on two lines", "Forwarded: for=192.0.2.43\r\nX: y\r\nForwarded: for=10.1.1.1", "192.0.2.43 via 10.1.1.1"},
		{"the right-most that is not trusted", `Forwarded: for=1.2.3.4;proto=https;host=evil, for=192.0.2.43;proto=http, for="[fd00::1]"`, "192.0.2.43 http via fd00::1"},
		{"what the client did counts, not what the proxies did among themselves", "Forwarded: for=192.0.2.43;proto=https;host=a.b, for=10.1.1.1;proto=http;host=inner",
			"192.0.2.43 https a.b via 10.1.1.1"},
		{"else what the next proxy says", "Forwarded: for=192.0.2.43, for=10.1.1.1;proto=https", "192.0.2.43 https via 10.1.1.1"},
		{"all are trusted", "Forwarded: for=10.2.2.2, for=10.1.1.1", "10.2.2.2 via 10.1.1.1"},
		{"unknown ends the list", "Forwarded: for=192.0.2.43, for=unknown;proto=https, for=10.1.1.1", "10.1.1.1 https"},
		{"so does a name", "Forwarded: for=192.0.2.43, for=_mdn, for=10.1.1.1", "10.1.1.1"},
		{"unknown alone", "Forwarded: for=unknown;proto=https", "none https"},
		{"nobody named", "Forwarded: proto=https;host=a.b", "none https a.b"},
		{"a comma within quotes", `Forwarded: for=192.0.2.43;secret="a, for=1.2.3.4"`, "192.0.2.43"},
		{"escapes within quotes", `Forwarded: for=192.0.2.43;secret="a\", for=1.2.3.4, \\"`, "192.0.2.43"},
		{"a string that the client has opened", `Forwarded: for="1.2.3.4, for=192.0.2.43`, "192.0.2.43"},
		{"the same, to have a proxy for a client", `Forwarded: for="1.2.3.4, for=10.1.1.1`, "10.1.1.1"},
		{"empty elements", "Forwarded: for=192.0.2.43, ,", "192.0.2.43"},
		{"empty parameters", "Forwarded: ;for=192.0.2.43;;proto=https;", "192.0.2.43 https"},
		{"twice is once too often", "Forwarded: for=192.0.2.43;for=10.1.1.1;proto=https", "none"},
		{"no value", "Forwarded: for=;proto=https", "none"},
		{"no parameter", "Forwarded: 192.0.2.43", "none"},
		{"two values", "Forwarded: for=192.0.2.43 for=1.2.3.4", "none"},
		{"a string without an end", `Forwarded: for="192.0.2.43`, "none"},
		{"bytes behind a string", `Forwarded: for="192.0.2.43"x`, "none"},
		{"a host that is none", `Forwarded: for=192.0.2.43;host="a b"`, "192.0.2.43"},
		{"a scheme that is none", "Forwarded: for=192.0.2.43;proto=javascript", "192.0.2.43"},
		{"too long", "Forwarded: for=192.0.2.43;x=" + strings.Repeat("a", maxElement), "none"},
		{"X-Forwarded-For beside it: Forwarded may be the client's", "Forwarded: for=1.2.3.4;proto=https\r\nX-Forwarded-For: 192.0.2.43", "192.0.2.43"},
		{"so does one that is empty", "Forwarded: for=1.2.3.4;proto=https\r\nX-Forwarded-For:", "none"},
		{"X-Forwarded-Proto beside it", "Forwarded: for=1.2.3.4;host=evil\r\nX-Forwarded-Proto: https", "none https"},
	} {
		t.Run(c.why, func(t *testing.T) {
			req := parsed(t, c.in+"\r\n")
			assert.Equal(t, c.want, spelled(senderOf(&f, req, local)))
			assert.Equal(t, "none", spelled(senderOf(&f, req, anywhere)), "for another peer")
		})
	}
}

// spelled writes a sender as text.
func spelled(s *sender) string {
	words := []string{"none"}
	if s.named {
		words[0] = s.addr.String()
	}
	for _, b := range [][]byte{s.proto, s.host, s.port} {
		if len(b) > 0 {
			words = append(words, string(b))
		}
	}
	for i := s.proxies - 1; i >= 0; i-- {
		words = append(words, "via", s.via[i].String())
	}
	return strings.Join(words, " ")
}

// FuzzSender checks that nothing that a client adds before the proxies' own
// entries changes what is believed, and that what we write means the same to a
// server that trusts us and our peer.
func FuzzSender(f *testing.F) {
	for _, junk := range []string{"", "1.2.3.4", "for=1.2.3.4", `for="`, `for="\`, `\`, `"`, ",,,", `for=1.2.3.4;host="a,b\\", for=10.1.1.1`, strings.Repeat(",", 100),
		"for=1.2.3.4\r\nForwarded: for=10.1.1.1", "10.1.1.1\r\nX-Forwarded-For: 1.2.3.4", "for=10.1.1.1;proto=https;host=evil"} {
		f.Add(junk, byte(0))
		f.Add(junk, byte(3))
	}
	fw := newForwarder(plan.ForwardedAppend, trustLocal, slog.New(slog.DiscardHandler))
	client := netip.MustParseAddr("2001:db8::7")
	f.Fuzz(func(t *testing.T, junk string, proxies byte) {
		lists := map[string]string{
			"Forwarded":       `for="[2001:db8::7]:99";host=a.b;proto=https` + strings.Repeat(", for=10.1.1.1", int(proxies%8)),
			"X-Forwarded-For": "2001:db8::7" + strings.Repeat(", 10.1.1.1", int(proxies%8)),
		}
		for name, list := range lists {
			clean := parsed(t, name+": "+list+"\r\n")
			for i, in := range []string{name + ": " + junk + ", " + list, name + ": " + junk + "\r\n" + name + ": " + list} {
				if i == 0 && strings.Contains(junk, "\n") {
					continue // the list is in a field of another name
				}
				req, ok := tryParse(in + "\r\n")
				if !ok || name == "Forwarded" && req.Seen()&told != 0 {
					continue
				}
				s := senderOf(&fw, req, local)
				require.Equal(t, client, s.addr, "%q", in)
				if name == "X-Forwarded-For" {
					s.proto = nil // it can come in other lines
					continue
				}
				require.Equal(t, spelled(senderOf(&fw, clean, local)), spelled(s), "%q", in)
				// What we write, as the next server reads it.
				lines := string(fw.append(nil, req, s, false))
				next := parsed(t, lines[strings.LastIndex(lines, "Forwarded: "):])
				again := senderOf(&fw, next, local)
				require.Equal(t, client, again.addr, "%q", lines)
				require.Equal(t, s.proxies+1, again.proxies)
				require.Equal(t, string(s.host), string(again.host))
				require.Equal(t, s.scheme(fw.mode), again.scheme(fw.mode))
			}
		}
	})
}

// TestBoundedChain checks that only a bounded part of an endless list is read.
func TestBoundedChain(t *testing.T) {
	f := newForwarder(plan.ForwardedAppend, trustLocal, slog.New(slog.DiscardHandler))
	for _, in := range []string{
		"X-Forwarded-For: " + strings.Repeat("10.1.1.1, ", 5000) + "10.1.1.1",
		strings.Repeat("X-Forwarded-For: 10.1.1.1\r\n", 100) + "X-Forwarded-For: 10.1.1.1",
		"Forwarded: " + strings.Repeat("for=10.1.1.1, ", 4000) + "for=10.1.1.1",
	} {
		s := senderOf(&f, parsed(t, in+"\r\n"), local)
		assert.Equal(t, "10.1.1.1", s.addr.String())
		assert.Equal(t, maxHops-1, s.proxies)
	}
	for _, in := range []string{
		"X-Forwarded-For: " + strings.Repeat(",", 60000),
		"X-Forwarded-For: " + strings.Repeat("1", 60000),
		"X-Forwarded-For: 192.0.2.1" + strings.Repeat(" ,", maxHops),
		"Forwarded: " + strings.Repeat(`"`, 60000),
		`Forwarded: for=192.0.2.1;x="` + strings.Repeat(`\"`, 30000) + `"`,
	} {
		assert.False(t, senderOf(&f, parsed(t, in+"\r\n"), local).named, "%.40q", in)
	}
}
