package netloop_test

import (
	"bufio"
	"bytes"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// The layer of these tests has a bit of everything that layers have. A client
// first sends a line with its name, unencoded, and the layer itself answers
// with a welcome. Then come records: two bytes of length, and as many encoded
// bytes. An empty record ends the stream. A record that is too long is an
// error, which the layer answers with a record of that length.

const (
	hello    = "HELLO "
	welcome  = "WELCOME\n"
	maxHello = 64
	record   = 20_000 // maximum bytes of a record, more than a read at rest brings
	fault    = 0xFFFF
)

var key = bytes.Repeat([]byte{0x5A}, record)

var errFault = errors.New("a record is too long")

func change(p []byte) []byte {
	subtle.XORBytes(p, p, key)
	return p
}

// appendRecords appends p to dst as records.
func appendRecords(dst, p []byte, size int) []byte {
	for len(p) > 0 {
		part := p[:min(len(p), size)]
		p = p[len(part):]
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(part)))
		at := len(dst)
		dst = append(dst, part...)
		change(dst[at:])
	}
	return dst
}

// A recordLayer is the server's side. It fails the test if the driver breaks
// the contract of Layer.
type recordLayer struct {
	t     *testing.T
	wake  func() // nil = the handshake completes at once
	inUse atomic.Bool

	mu       sync.Mutex // guards the fields below; only the goroutine of the handshake contends for it
	checking bool       // that goroutine is running
	name     string     // the name that the client has sent
	err      error      // error of the handshake

	in     []byte // sealed
	opened []byte
	own    []byte // bytes to send on its own
	ready  bool   // the handshake is over
	failed bool   // Feed or FeedEnd has returned an error
	ended  bool
	closed bool
}

// use records a call, and returns a function that ends it.
func (l *recordLayer) use(what string) func() {
	if l.inUse.Swap(true) {
		l.t.Errorf("%s is called during another call", what)
	}
	l.mu.Lock()
	if l.closed {
		l.t.Errorf("%s is called after Close", what)
	}
	return func() {
		l.mu.Unlock()
		l.inUse.Store(false)
	}
}

func (l *recordLayer) Feed(p []byte) error {
	defer l.use("Feed")()
	switch {
	case l.failed:
		l.t.Error("Feed is called after an error")
	case len(p) > 0 && l.checking:
		l.t.Error("Feed is called although the layer must not be fed")
	case len(p) > 0 && len(l.opened) > 0:
		l.t.Error("Feed is called before all plain bytes were read")
	}
	l.in = append(l.in, p...)
	err := l.parse()
	l.failed = err != nil && err != netloop.ErrAgain
	return err
}

func (l *recordLayer) parse() error {
	if !l.ready {
		if l.greet(); l.checking {
			return netloop.ErrAgain
		}
		if l.err != nil || !l.ready {
			return l.err
		}
	}
	for len(l.in) >= 2 {
		n := int(binary.BigEndian.Uint16(l.in))
		switch {
		case n == 0:
			return io.EOF
		case n > record:
			l.own = binary.BigEndian.AppendUint16(l.own, fault)
			return errFault
		case len(l.in) < 2+n:
			return nil
		}
		l.opened = append(l.opened, l.in[2:2+n]...)
		change(l.opened[len(l.opened)-n:])
		l.in = l.in[2+n:]
	}
	return nil
}

// greet takes the handshake from the received bytes.
func (l *recordLayer) greet() {
	if l.name == "" {
		line, rest, whole := bytes.Cut(l.in, []byte("\n"))
		switch {
		case len(line) > maxHello, whole && !bytes.HasPrefix(line, []byte(hello)):
			l.err = errors.New("no greeting")
			l.own = append(l.own, "GO AWAY\n"...)
			return
		case !whole:
			return
		}
		l.name = strings.TrimPrefix(string(line), hello)
		l.in = rest
		if l.wake != nil { // slow, so it runs in another goroutine
			l.checking = true
			go l.check()
		}
	}
	if !l.checking && l.err == nil {
		l.ready = true
		l.own = append(l.own, welcome...)
	}
}

func (l *recordLayer) check() {
	l.mu.Lock()
	l.checking = false
	if l.name == "nobody" {
		l.err = errors.New("nobody is not welcome")
		l.own = append(l.own, "GO AWAY\n"...)
	}
	l.mu.Unlock()
	l.wake()
}

func (l *recordLayer) FeedEnd() error {
	defer l.use("FeedEnd")()
	if l.failed {
		l.t.Error("FeedEnd is called after an error")
	}
	l.failed = true
	if l.name == "" && len(l.in) == 0 {
		return io.EOF
	}
	return io.ErrUnexpectedEOF
}

func (l *recordLayer) Buffered() int {
	defer l.use("Buffered")()
	return len(l.opened)
}

func (l *recordLayer) Read(p []byte) int {
	defer l.use("Read")()
	n := copy(p, l.opened)
	if l.opened = l.opened[n:]; len(l.opened) == 0 {
		l.opened = nil
	}
	return n
}

func (l *recordLayer) Seal(dst, p []byte) ([]byte, error) {
	defer l.use("Seal")()
	if l.ended {
		l.t.Error("Seal is called after End")
	}
	dst = append(dst, l.own...)
	l.own = nil
	if len(p) > 0 && !l.ready {
		return dst, errors.New("the handshake is not over")
	}
	return appendRecords(dst, p, 5000), nil
}

func (l *recordLayer) End(dst []byte) []byte {
	defer l.use("End")()
	if l.ended {
		l.t.Error("End is called twice")
	}
	l.ended = true
	if !l.ready {
		return dst
	}
	return append(dst, 0, 0)
}

func (l *recordLayer) Close() {
	defer l.use("Close")()
	l.closed = true
}

// A layerFunc is the type of Listener.Layer.
type layerFunc func(netloop.Conn, func()) netloop.Layer

// records returns a function that makes recordLayers, whose handshakes run in
// their own goroutines if slow, and otherwise at once.
func records(t *testing.T, slow bool) layerFunc {
	open := new(atomic.Int32)
	t.Cleanup(func() { assert.Zero(t, open.Load(), "layers left open") })
	return func(c netloop.Conn, wake func()) netloop.Layer {
		if !c.Peer().IsValid() || c.Listener() == nil {
			t.Error("the connection does not know its listener yet")
		}
		open.Add(1)
		l := &countedLayer{recordLayer: recordLayer{t: t}, open: open}
		if slow {
			l.wake = wake
		}
		return l
	}
}

// A countedLayer counts the layers that are not closed.
type countedLayer struct {
	recordLayer
	open *atomic.Int32
}

func (l *countedLayer) Close() {
	l.recordLayer.Close()
	l.open.Add(-1)
}

// A recordClient is the client's side.
type recordClient struct {
	*net.TCPConn
	t    *testing.T
	in   *bufio.Reader
	left []byte // rest of a record
	size int    // of the records that it sends
}

// greeted connects and completes the handshake.
func greeted(t *testing.T, addr string) *recordClient {
	t.Helper()
	c := connected(t, addr)
	c.raw(hello + "someone\n")
	c.welcomed()
	return c
}

// connected connects and sends nothing.
func connected(t *testing.T, addr string) *recordClient {
	t.Helper()
	c := dial(t, addr)
	return &recordClient{TCPConn: c, t: t, in: bufio.NewReader(c), size: record}
}

func (c *recordClient) welcomed() {
	c.t.Helper()
	got, err := c.in.ReadString('\n')
	require.NoError(c.t, err)
	require.Equal(c.t, welcome, got)
}

// raw sends bytes without encoding them.
func (c *recordClient) raw(s string) {
	c.t.Helper()
	_, err := c.TCPConn.Write([]byte(s))
	require.NoError(c.t, err)
}

// sealed returns the bytes to send for s.
func (c *recordClient) sealed(s string) string { return string(appendRecords(nil, []byte(s), c.size)) }

func (c *recordClient) say(s string) {
	c.t.Helper()
	c.raw(c.sealed(s))
}

// end ends the stream in the layer's way.
func (c *recordClient) end() { c.raw("\x00\x00") }

// Read reads what the server has sent. It returns io.EOF after the last record,
// errFault after an error record, and io.ErrUnexpectedEOF if the stream ends
// without either.
func (c *recordClient) Read(p []byte) (int, error) {
	for len(c.left) == 0 {
		var head [2]byte
		if _, err := io.ReadFull(c.in, head[:]); err == io.EOF {
			return 0, io.ErrUnexpectedEOF
		} else if err != nil {
			return 0, err
		}
		n := int(binary.BigEndian.Uint16(head[:]))
		switch n {
		case 0:
			return 0, io.EOF
		case fault:
			return 0, errFault
		}
		c.left = make([]byte, n)
		if _, err := io.ReadFull(c.in, c.left); err != nil {
			return 0, err
		}
		change(c.left)
	}
	n := copy(p, c.left)
	c.left = c.left[n:]
	return n, nil
}

// line reads a line.
func (c *recordClient) line() string {
	c.t.Helper()
	var got []byte
	for !bytes.HasSuffix(got, []byte("\n")) {
		var b [1]byte
		_, err := c.Read(b[:])
		require.NoError(c.t, err)
		got = append(got, b[0])
	}
	return string(got)
}

// rest reads until the stream ends, and returns the bytes and the error at the
// end. The bytes can include an error record of the layer.
func (c *recordClient) rest() (string, error) {
	c.t.Helper()
	var got []byte
	for buf := make([]byte, 1000); ; {
		n, err := c.Read(buf)
		got = append(got, buf[:n]...)
		if err != nil && err != errFault {
			return string(got), err
		}
	}
}

// closed checks that nothing more comes, not even from the layer.
func (c *recordClient) closed() {
	c.t.Helper()
	_, err := c.in.ReadByte()
	assert.ErrorIs(c.t, err, io.EOF)
}
