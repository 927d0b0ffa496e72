package buffer

import (
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestNotes_Share: the log names the client that has its share.
func TestNotes_Share(t *testing.T) {
	for addr, want := range map[string]string{"127.0.0.1": "client=127.0.0.1", "::ffff:10.1.2.3": "client=10.1.2.3", "2001:db8::1": "client=2001:db8::/64"} {
		var log strings.Builder
		n := newNotes(slog.New(slog.NewTextHandler(&log, nil)))
		n.refused(RefusedShare, ownerOf(netip.MustParseAddr(addr)), nil)
		assert.Contains(t, log.String(), `msg="one client uses its quarter of buffer_memory or buffer_limit" `+
			`effect="its requests get no slot until it takes more of its answers, and its uploads wait for room" `+want+"\n")
	}
}
