package proxy

import (
	"io"
	"testing"
)

// A plainLayer stands under a connection and changes nothing, so that clients
// need not know of it.
type plainLayer struct {
	in   []byte
	read int // of in
}

func (l *plainLayer) Feed(p []byte) error                { l.in = append(l.in, p...); return nil }
func (l *plainLayer) FeedEnd() error                     { return io.EOF }
func (l *plainLayer) Buffered() int                      { return len(l.in) - l.read }
func (l *plainLayer) Seal(dst, p []byte) ([]byte, error) { return append(dst, p...), nil }
func (l *plainLayer) End(dst []byte) []byte              { return dst }
func (l *plainLayer) Close()                             {}

func (l *plainLayer) Read(p []byte) int {
	n := copy(p, l.in[l.read:])
	if l.read += n; l.read == len(l.in) {
		l.in, l.read = l.in[:0], 0
	}
	return n
}

// underLayer has every rig put such a layer under its clients' connections.
var underLayer bool

// TestUnderLayer: the proxy does not see whether there is a layer under the
// connections of clients, and the drivers allocate nothing for one. Every test
// of this package holds for that; these have most to do with connections.
func TestUnderLayer(t *testing.T) {
	underLayer = true
	defer func() { underLayer = false }()
	tests := map[string]func(*testing.T){
		"BrokenUpload":           TestBrokenUpload,
		"EarlyAnswer":            TestEarlyAnswer,
		"EndInAnswer":            TestEndInAnswer,
		"FullDuplex":             TestFullDuplex,
		"HalfCloseInAnswer":      TestHalfCloseInAnswer,
		"PipelinedBehindUploads": TestPipelinedBehindUploads,
		"RelayedAnswers":         TestRelayedAnswers,
		"RequestAllocates":       TestRequestAllocatesNothing,
		"Tunnel":                 TestTunnel,
		"TunnelEarlyBytes":       TestTunnelEarlyBytes,
	}
	if !raceEnabled { // whose pools forget on purpose
		tests["BoundedMemory"] = TestBoundedMemory
	}
	for name, test := range tests {
		t.Run(name, test)
	}
}
