package proxyheader

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	proxyproto "github.com/pires/go-proxyproto"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// Why a connection is refused.
var (
	ErrMissing   = errors.New("the connection does not begin with a PROXY protocol header")
	ErrTruncated = errors.New("the connection has ended within its PROXY protocol header")
	ErrLate      = errors.New("the PROXY protocol header did not arrive in time")
	ErrUntrusted = errors.New("the peer is not in trusted_proxies, so it cannot name its clients")
)

// Reasons are the words for why connections are refused, for metrics. It is only read.
var Reasons = [...]string{"untrusted", "missing", "malformed", "truncated", "late"}

// Reason returns the index in Reasons of an error of this package.
func Reason(why error) int {
	switch {
	case errors.Is(why, ErrUntrusted):
		return 0
	case errors.Is(why, ErrMissing):
		return 1
	case errors.Is(why, ErrTruncated):
		return 3
	case errors.Is(why, ErrLate):
		return 4
	}
	return 2
}

// Lengths in bytes.
const (
	maxLine  = 107 // of version 1, section 2.1
	fixed    = 16  // the part of version 2 that each header has, section 2.2
	lengthAt = 14  // of the length in that part
)

// nginx writes TCP6 with IPv4 addresses for the IPv4 clients of a socket that takes
// both. The specification forbids it, but there is no doubt about what is meant.
func init() { proxyproto.V1AcceptIPv4InTCP6 = true }

// A header collects a header as it comes. It keeps the part with the addresses, at
// most 232 bytes.
type header struct {
	b    []byte
	skip int // bytes to come behind b that belong to the header: additional information (TLVs)
	size int // of b once it is complete; 0 = not known yet
}

// take takes what belongs to the header from the start of p, and returns the number
// of bytes. whole says that the header is complete.
func (h *header) take(p []byte) (n int, whole bool, err error) {
	for {
		if h.size > 0 && len(h.b) == h.size {
			some := min(h.skip, len(p)-n)
			h.skip -= some
			return n + some, h.skip == 0, nil
		}
		if n == len(p) {
			return n, false, nil
		}
		n += h.add(p[n:])
		if err := h.check(); err != nil {
			return n, false, err
		}
	}
}

// add adds bytes up to the next point at which check can find out more.
func (h *header) add(p []byte) int {
	want := h.size - len(h.b)
	switch {
	case h.size > 0:
	case len(h.b) == 0:
		want = 1
	case h.b[0] == proxyproto.SIGV1[0]:
		want = maxLine - len(h.b)
		if i := bytes.IndexByte(p, '\n'); i >= 0 {
			want = min(want, i+1)
		}
	default:
		want = fixed - len(h.b)
	}
	n := min(want, len(p))
	h.b = append(h.b, p[:n]...)
	return n
}

// check looks at the bytes so far, and finds out the size of the header.
func (h *header) check() error {
	signature := proxyproto.SIGV2
	line := h.b[0] == proxyproto.SIGV1[0]
	if line {
		signature = proxyproto.SIGV1
	}
	if n := min(len(h.b), len(signature)); !bytes.Equal(h.b[:n], signature[:n]) {
		return ErrMissing
	}
	switch {
	case h.size > 0:
	case line && h.b[len(h.b)-1] == '\n':
		h.size = len(h.b)
	case line && len(h.b) == maxLine:
		return malformed(proxyproto.ErrVersion1HeaderTooLong)
	case !line && len(h.b) == fixed:
		all := int(binary.BigEndian.Uint16(h.b[lengthAt:]))
		part := min(all, addresses(h.b[13]))
		h.size, h.skip = fixed+part, all-part
		// What is skipped is not for the parser.
		binary.BigEndian.PutUint16(h.b[lengthAt:], uint16(part))
	}
	return nil
}

// addresses returns how many bytes the addresses of a family have, section 2.2.
func addresses(family byte) int {
	switch family >> 4 {
	case 1:
		return 12
	case 2:
		return 36
	case 3:
		return 216
	}
	return 0
}

// parse returns what a complete header says. It is the zero Origin if the proxy speaks
// for itself (LOCAL), and anonymous if the proxy does not know its client (UNKNOWN,
// UNSPEC) or the client has not come by TCP.
func (h *header) parse() (netloop.Origin, error) {
	if len(h.b) == fixed && h.b[13] == byte(proxyproto.UNSPEC) && h.b[12] == byte(proxyproto.PROXY) {
		return netloop.Origin{Anonymous: true}, nil // the parser refuses it; section 2.2 leaves it to the receiver
	}
	in, err := proxyproto.Read(bufio.NewReaderSize(bytes.NewReader(h.b), len(h.b)))
	if err != nil {
		return netloop.Origin{}, malformed(err)
	}
	if in.Command.IsLocal() { // the parser calls UNKNOWN so, too, but version 1 has no LOCAL
		return netloop.Origin{Anonymous: in.Version == 1}, nil
	}
	from, ok := in.SourceAddr.(*net.TCPAddr)
	to, known := in.DestinationAddr.(*net.TCPAddr)
	if !ok || !known {
		return netloop.Origin{Anonymous: true}, nil
	}
	return netloop.Origin{Peer: plain(from), Local: plain(to)}, nil
}

// plain returns an address without the form of IPv6 for IPv4.
func plain(a *net.TCPAddr) netip.AddrPort {
	ap := a.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

func malformed(err error) error {
	return fmt.Errorf("the PROXY protocol header is malformed: %s", strings.TrimPrefix(err.Error(), "proxyproto: "))
}
