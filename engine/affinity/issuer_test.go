package affinity

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/plan"
)

func group(name string, set plan.Issued) *plan.Group {
	return &plan.Group{Name: name, Instances: 3, Sticky: plan.Sticky{Issued: set}}
}

// fields returns fields from lines such as "Cookie: a=b".
func fields(lines ...string) []head.Field {
	out := make([]head.Field, len(lines))
	for i, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		out[i] = head.Field{Name: []byte(name), Value: []byte(value), Kind: head.KindOf(name)}
	}
	return out
}

// issued returns the pair of name and value that a client sends back.
func issued(i *Issuer, seat int) string {
	pair, _, _ := strings.Cut(string(i.AppendCookie(nil, seat, false)), ";")
	return pair
}

func TestCookieNamesASeat(t *testing.T) {
	i := NewIssuer(group("web", plan.Issued{Name: "ldcorn"}), NewKey())
	for seat := range plan.MaxInstances {
		got, ok := i.Seat(fields("Cookie: theme=dark; " + issued(i, seat) + "; x=y"))
		require.True(t, ok, seat)
		require.Equal(t, seat, got)
	}
	_, ok := i.Seat(fields("Cookie: " + issued(i, plan.MaxInstances)))
	assert.False(t, ok, "no group has that seat")
}

func TestAttributesOfCookie(t *testing.T) {
	for _, c := range []struct {
		set    plan.SameSite
		secure bool
		want   string
	}{
		{plan.SameSiteLax, false, "; Path=/; HttpOnly; SameSite=Lax"},
		{"", false, "; Path=/; HttpOnly; SameSite=Lax"},
		{plan.SameSiteLax, true, "; Path=/; HttpOnly; SameSite=Lax; Secure"},
		{plan.SameSiteStrict, true, "; Path=/; HttpOnly; SameSite=Strict; Secure"},
		{plan.SameSiteNone, false, "; Path=/; HttpOnly; SameSite=None; Secure"},
		{plan.SameSiteNone, true, "; Path=/; HttpOnly; SameSite=None; Secure"},
	} {
		for _, prefixed := range []string{"__Host-ldcorn", "__secure-ldcorn"} {
			i := NewIssuer(group("web", plan.Issued{Name: prefixed, SameSite: c.set}), NewKey())
			assert.Contains(t, string(i.AppendCookie(nil, 2, c.secure)), "; Secure", "browsers keep no other")
		}
		i := NewIssuer(group("web", plan.Issued{Name: "ldcorn", SameSite: c.set}), NewKey())
		line := string(i.AppendCookie(nil, 2, c.secure))
		assert.Regexp(t, `^ldcorn_web=2\.[A-Za-z0-9_-]{22};`, line)
		assert.Equal(t, c.want, line[strings.Index(line, ";"):])
	}
}

// TestForgedCookies: only what the issuer of the same group, with the same key,
// has made is a cookie.
func TestForgedCookies(t *testing.T) {
	key := NewKey()
	set := plan.Issued{Name: "ldcorn"}
	i := NewIssuer(group("web", set), key)
	own := issued(i, 1)
	value := strings.TrimPrefix(own, "ldcorn_web=")
	sign := strings.TrimPrefix(value, "1.")
	for name, cookie := range map[string]string{
		"of another group":  "ldcorn_web=" + strings.TrimPrefix(issued(NewIssuer(group("api", set), key), 1), "ldcorn_api="),
		"of another master": issued(NewIssuer(group("web", set), NewKey()), 1),
		"another seat":      "ldcorn_web=2." + sign,
		"a leading zero":    "ldcorn_web=01." + sign,
		"no seat":           "ldcorn_web=." + sign,
		"no signature":      "ldcorn_web=1.",
		"only a seat":       "ldcorn_web=1",
		"a shorter one":     own[:len(own)-1],
		"a longer one":      own + "A",
		"negative":          "ldcorn_web=-1." + sign,
		"large":             "ldcorn_web=99999999999999999999999." + sign,
		"huge":              "ldcorn_web=" + strings.Repeat("1", 60<<10) + "." + sign,
		"empty":             "ldcorn_web=",
		"another name":      "xldcorn_web=" + value,
		"in another case":   "LDCORN_WEB=" + value,
		"a name alone":      "ldcorn_web",
	} {
		_, ok := i.Seat(fields("Cookie: " + cookie))
		assert.False(t, ok, name)
	}
	seat, ok := i.Seat(fields(`Cookie: ldcorn_web="` + value + `"`))
	assert.True(t, ok, "quotes are no part of a value")
	assert.Equal(t, 1, seat)
	_, ok = i.Seat(fields("X: y", "Set-Cookie: "+own))
	assert.False(t, ok, "in another field")

	_, ok = i.Seat(fields("Cookie: " + strings.Repeat("ldcorn_web=1000."+sign+"; ", MaxTried) + own))
	assert.False(t, ok, "a head full of cookies costs little")

	seat, ok = i.Seat(fields("Cookie: ldcorn_web=1.tossed; "+strings.Repeat("a=b; ", 5000), "Cookie: "+own))
	assert.True(t, ok, "the first good one counts")
	assert.Equal(t, 1, seat)
}

// TestKeyOfConfiguration: masters with the same key accept each other's cookies.
func TestKeyOfConfiguration(t *testing.T) {
	set := plan.Issued{Name: "ldcorn", Key: plan.Secret("a key that masters share")}
	a, b := NewIssuer(group("web", set), NewKey()), NewIssuer(group("web", set), NewKey())
	seat, ok := b.Seat(fields("Cookie: " + issued(a, 2)))
	assert.True(t, ok)
	assert.Equal(t, 2, seat)
}

func TestInvitesShared(t *testing.T) {
	for value, want := range map[string]bool{
		"":                          false,
		"no-store":                  false,
		"private, max-age=60":       false,
		"max-age=60":                false,
		"publicly":                  false,
		"max-age=60, Public":        true,
		"s-maxage=60":               true,
		"no-transform,S-MaxAge=1,x": true,
	} {
		assert.Equal(t, want, InvitesShared([]byte(value)), value)
	}
}

func TestReadingACookieAllocatesNothing(t *testing.T) {
	i := NewIssuer(group("web", plan.Issued{Name: "ldcorn"}), NewKey())
	in := fields("Cookie: a=b; " + issued(i, 2))
	out := make([]byte, 0, 200)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		seat, ok := i.Seat(in)
		if !ok || seat != 2 {
			panic("seat")
		}
		out = i.AppendCookie(out[:0], seat, true)
	}))
}

func BenchmarkSeat(b *testing.B) {
	i := NewIssuer(group("web", plan.Issued{Name: "ldcorn"}), NewKey())
	in := fields("Cookie: a=b; " + issued(i, 2))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := i.Seat(in); !ok {
			b.Fatal("seat")
		}
	}
}

func TestSetCookies(t *testing.T) {
	var got []string
	for v := range SetCookies(fields("Set-Cookie: io=a; Path=/", "Set-Cookie: xio=b", "set-cookie:  io=c", "Set-Cookie: io=", "Cookie: io=d"), "io") {
		got = append(got, string(v))
	}
	assert.Equal(t, []string{"a", "c", ""}, got)
	assert.Equal(t, "[1 2 3]", fmt.Sprint(values("Cookie: io=1; x=y;io = \"2\"", `Cookie: io="\063"; io`)))
}

func values(lines ...string) (out []string) {
	for v := range Cookies(fields(lines...), "io") {
		out = append(out, string(v))
	}
	return out
}
