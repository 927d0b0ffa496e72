package refusallog

import (
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/logtest"
)

// TestLog checks that many refused connections are few lines.
func TestLog(t *testing.T) {
	text := new(logtest.Text)
	l := New(slog.New(slog.NewTextHandler(text, nil)), ":80")
	for range 100 {
		l.Note(Refusal{Peer: netip.MustParseAddr("192.0.2.1"), Reason: "no", Hint: "say please", Facts: []slog.Attr{slog.String("cert", "CN=me")}})
	}
	assert.Equal(t, 1, strings.Count(text.String(), "\n"))
	assert.Contains(t, text.String(), `level=WARN msg="connection refused" addr=:80 peer=192.0.2.1 reason=no cert="CN=me" hint="say please"`)
	l.next = 0
	l.Note(Refusal{Reason: "late"})
	assert.Regexp(t, `peer="unix socket" reason=late more=99\n$`, text.String())
}
