package head

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestKindOf(t *testing.T) {
	for k := KindOther + 1; k < numKinds; k++ {
		name := k.String()
		assert.NotEmpty(t, name)
		assert.Equal(t, strings.ToLower(name), name)
		assert.Equal(t, k, KindOfToken([]byte(name)), name)
		assert.Equal(t, k, KindOfToken([]byte(strings.ToUpper(name))), name)
		for i := range name {
			for _, c := range []byte("x!^_`~") {
				if changed := name[:i] + string(c) + name[i+1:]; changed != name {
					assert.Equal(t, otherThan(changed), KindOfToken([]byte(changed)), changed)
				}
			}
		}
		assert.Equal(t, otherThan(name+"x"), KindOfToken([]byte(name+"x")), name)
	}
	assert.Less(t, int(numKinds), 64, "a KindSet has 64 bits")
	assert.Equal(t, "", KindOther.String())
	assert.Equal(t, "", numKinds.String())
	assert.Equal(t, hopByHop, Kinds(KindConnection, KindKeepAlive, KindProxyConnection, KindProxyAuthorization,
		KindProxy, KindTE, KindUpgrade, KindHTTP2Settings))
}

// otherThan returns the expected kind of a name that is not in the table.
func otherThan(name string) Kind {
	if strings.HasPrefix(name, xForwarded) {
		return KindXForwarded
	}
	return KindOther
}

// TestXForwarded: every name that begins with X-Forwarded- is recognized.
func TestXForwarded(t *testing.T) {
	for _, name := range []string{"X-Forwarded-", "x-forwarded-prefix", "X-FORWARDED-SSL", "X-Forwarded-For-Original", "X-Forwarded-F", "X-Forwarded-_"} {
		assert.Equal(t, KindXForwarded, KindOfToken([]byte(name)), name)
	}
	for _, name := range []string{"X-Forwarded", "X-Forward-For", "X-Forwarded!For", "Forwarded-For", "x-forwardeds-for"} {
		assert.Equal(t, KindOther, KindOfToken([]byte(name)), name)
	}
}

func TestListElements(t *testing.T) {
	assert.True(t, HasElement([]byte("a, B ,\tc"), "b"))
	assert.True(t, HasElement([]byte(",,c"), "c"))
	assert.False(t, HasElement([]byte("a b"), "b"))
	assert.False(t, HasElement(nil, "b"))
}

func FuzzIPv6(f *testing.F) {
	for _, s := range []string{"::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::2::3", ":::", ":", "",
		"::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "::1.2.3.256", "::01.2.3.4", "12345::", "1:", ":1", "g::",
		"1:2:3:4:5:6:7:8:9", "1::2:3:4:5:6:7:8", "::1%eth0", "1.2.3.4", "::1.2.3.4:5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		addr, err := netip.ParseAddr(s)
		want := err == nil && addr.Is6() && addr.Zone() == ""
		assert.Equal(t, want, validIPv6([]byte(s)), "%q", s)
	})
}
