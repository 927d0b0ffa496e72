package refusallog

import (
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/logtest"
)

// TestRare checks that strangers do not hide a peer on a private address.
func TestRare(t *testing.T) {
	text := new(logtest.Text)
	r := NewRare(slog.New(slog.NewTextHandler(text, nil)), ":80")
	for range 10 {
		for _, peer := range []string{"203.0.113.9", "198.51.100.1", "10.0.0.7", "10.0.0.8"} {
			r.Note(Refusal{Peer: netip.MustParseAddr(peer), Reason: "no"})
		}
	}
	assert.Equal(t, 2, strings.Count(text.String(), "\n"))
	assert.Contains(t, text.String(), "peer=203.0.113.9 reason=no")
	assert.Contains(t, text.String(), "peer=10.0.0.7 reason=no")
	assert.Equal(t, rarely, r.near.every)
	assert.True(t, IsNear(netip.Addr{}), "a unix socket")
	assert.True(t, IsNear(netip.MustParseAddr("fe80::1%eth0")))
	assert.False(t, IsNear(netip.MustParseAddr("2001:db8::1")))
}
