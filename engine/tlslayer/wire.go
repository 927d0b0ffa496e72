package tlslayer

import (
	"net"
	"net/netip"
	"time"
)

// A wire is the net.Conn that crypto/tls reads records from and writes records
// to. During the handshake it belongs to the handshake. Afterwards the layer puts
// in the record that is to be read, and takes out what was written.
type wire struct {
	handshake *handshake // nil once it is over
	tag       any        // see Tag
	in        []byte     // the rest of the record
	out       []byte
	peer      netip.AddrPort
}

// empty is the error of a read from an empty wire. crypto/tls keeps a
// connection usable after an error that says that it is temporary.
type empty struct{}

func (empty) Error() string   { return "no whole record" }
func (empty) Timeout() bool   { return true }
func (empty) Temporary() bool { return true }

var errEmpty net.Error = empty{}

func (w *wire) Read(p []byte) (int, error) {
	if w.handshake != nil {
		return w.handshake.read(p)
	}
	if len(w.in) == 0 {
		return 0, errEmpty
	}
	n := copy(p, w.in)
	w.in = w.in[n:]
	return n, nil
}

func (w *wire) Write(p []byte) (int, error) {
	if w.handshake != nil {
		return w.handshake.write(p)
	}
	w.out = append(w.out, p...)
	return len(p), nil
}

// Close does nothing: Layer.Close ends the handshake, and the driver closes the
// socket.
func (w *wire) Close() error { return nil }

func (w *wire) LocalAddr() net.Addr  { return net.TCPAddrFromAddrPort(netip.AddrPort{}) }
func (w *wire) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(w.peer) }

// The limits of time are those of the handshake and of the driver.

func (w *wire) SetDeadline(time.Time) error      { return nil }
func (w *wire) SetReadDeadline(time.Time) error  { return nil }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }
