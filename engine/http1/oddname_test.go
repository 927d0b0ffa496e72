package http1

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/head"
)

var underscored = func() Limits {
	lim := DefaultLimits
	lim.Underscores = true
	return lim
}()

// kept returns the lines that would be forwarded of a head with these lines,
// and whether some were dropped because of their names.
func kept(t *testing.T, lines string, lim *Limits) (out string, odd bool) {
	t.Helper()
	var r Request
	_, err := requireSplitsAgree(t, &r, []byte(with(lines)), lim)
	require.Nil(t, err, "%q", lines)
	return string(AppendForwardable(nil, r.Fields, head.Kinds(head.KindHost))), r.OddNames
}

func TestUnderscores(t *testing.T) {
	for _, c := range []struct {
		in, want string
		odd      bool // some lines are dropped
		why      string
	}{
		{"X_A: 1\r\nx_b_: 2\r\n_: 3\r\nX.C_D: 4\r\n", "X_A: 1\r\nx_b_: 2\r\n_: 3\r\nX.C_D: 4\r\n", false, "nobody means another name by them"},
		{"X!_A: 1\r\nX~: 2\r\n", "", true, "other bytes"},
		{"Connection: X_A\r\nX_A: 1\r\nX_B: 1\r\n", "X_B: 1\r\n", false, "RFC 9110 §7.6.1"},
		{"X_Forwarded_For: 1\r\nX-Forwarded_Prefix: 2\r\nx_forwarded_x: 3\r\nX_Real-IP: 4\r\nX_REQUEST_ID: 5\r\n", "", true, "CVE-2026-3902: ours"},
		{"Content_Length: 1\r\nTransfer_Encoding: chunked\r\nproxy_connection: a\r\nKeep_Alive: b\r\n", "", true, "CVE-2026-3902: framing, and of one connection"},
		{"User_Agent: a\r\nContent_Type: b\r\nSec_WebSocket_Key: c\r\n", "", true, "CVE-2026-3902: read by ldcorn"},
		{strings.Repeat("_", head.MaxName) + ": 1\r\n", strings.Repeat("_", head.MaxName) + ": 1\r\n", false, "the longest name"},
	} {
		got, odd := kept(t, c.in, &underscored)
		assert.Equal(t, c.want, got, c.why)
		assert.Equal(t, c.odd, odd, c.why)
		got, odd = kept(t, c.in, nil)
		assert.NotContains(t, strings.ReplaceAll(got, ": _", ""), "_", c.why)
		assert.True(t, odd, c.why)
	}
	_, odd := kept(t, "X-A: 1\r\nX.B: 2\r\nConnection: X-A\r\nTE: trailers\r\n", nil)
	assert.False(t, odd, "dropped, but not for their names")
}

// TestFoldedKinds: no name with a Kind gets through in any disguise.
func TestFoldedKinds(t *testing.T) {
	for k := head.KindOther + 1; k.String() != ""; k++ {
		for _, name := range []string{k.String(), strings.ToUpper(k.String())} {
			hyphens := strings.Count(name, "-")
			for mask := 1; mask < 1<<hyphens; mask++ {
				disguised, n := []byte(name), 0
				for i := range disguised {
					if disguised[i] == '-' {
						if mask>>n&1 != 0 {
							disguised[i] = '_'
						}
						n++
					}
				}
				got, _ := kept(t, string(disguised)+": x\r\n", &underscored)
				assert.Empty(t, got)
			}
		}
	}
}

// FuzzUnderscores: whatever the name of a field, no app reads it as one that
// ldcorn writes.
func FuzzUnderscores(f *testing.F) {
	for _, name := range []string{"X_A", "x_forwarded-for", "X.Forwarded_For", "_", "Content_Length", "host_"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		for _, lim := range []*Limits{&DefaultLimits, &underscored} {
			var r Request
			if n, err := r.Parse([]byte(with(name+": x\r\n")), lim); n == 0 || err != nil {
				return
			}
			for _, field := range r.Fields {
				if field.Drop {
					continue
				}
				folded := strings.ToLower(strings.ReplaceAll(string(field.Name), "_", "-"))
				if folded == string(field.Name) || !strings.Contains(string(field.Name), "_") {
					continue
				}
				assert.True(t, lim.Underscores, "%q", field.Name)
				assert.Equal(t, head.KindOther, head.KindOfToken([]byte(folded)), "%q", field.Name)
				assert.True(t, head.EqualFolded(field.Name, folded), "%q", field.Name)
			}
		}
	})
}
