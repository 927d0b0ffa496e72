package proxy

import (
	"io"
	"testing"
)

// A plainLayer stands under a connection and changes nothing, so that clients
// need not know about it.
type plainLayer struct {
	in   []byte
	read int // bytes of in that were read
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

// underLayer makes every rig put a plainLayer under its clients' connections.
var underLayer bool

// TestUnderLayer checks that the proxy does not see whether there is a layer
// under the clients' connections, and that the drivers allocate nothing for it.
// That should hold for every test of this package. The ones here depend most on
// connections.
func TestUnderLayer(t *testing.T) {
	underLayer = true
	defer func() { underLayer = false }()
	tests := map[string]func(*testing.T){
		"AheadAtRandom":          TestAheadAtRandom,
		"AheadFreesTheSlot":      TestAheadFreesTheSlot,
		"AheadStream":            TestAheadStream,
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
	if !raceEnabled { // otherwise pools drop items on purpose
		tests["BoundedMemory"] = TestBoundedMemory
	}
	for name, test := range tests {
		t.Run(name, test)
	}
}
