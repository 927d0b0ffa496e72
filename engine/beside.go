package engine

import (
	"context"
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// listenBeside is listen for an address that can overlap with those of other sockets
// of this master, as 127.0.0.1:80 does with 0.0.0.0:80. The system gives out both if
// both sockets allow it, which they do for no longer than that takes.
func listenBeside(w *wish, own []*opened) (net.Listener, error) {
	l, err := listen(w.argument, w.bind, w.file)
	if w.bind.Network != "tcp" || !errors.Is(err, syscall.EADDRINUSE) {
		return l, err
	}
	near := besides(w.bind, own)
	defer func() {
		for _, o := range near {
			share(o.Listener, false)
		}
	}()
	for _, o := range near {
		if !share(o.Listener, true) {
			return nil, err
		}
	}
	if len(near) == 0 {
		return nil, err
	}
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error { return shareRaw(raw, true) }}
	l, retryErr := config.Listen(context.Background(), "tcp", w.bind.Address)
	if retryErr != nil {
		return nil, err // it is much the same, and says what to do
	}
	share(l, false)
	return l, nil
}

// besides returns the sockets with the same port as an address.
func besides(bind plan.Bind, own []*opened) (out []*opened) {
	want, err := net.ResolveTCPAddr("tcp", bind.Address)
	for _, o := range own {
		if addr, ok := o.Addr().(*net.TCPAddr); ok && err == nil && want.Port == addr.Port {
			out = append(out, o)
		}
	}
	return out
}

// share allows, or no longer allows, that other sockets which allow it share the
// address of a listener. It reports whether it could.
func share(l net.Listener, with bool) bool {
	sc, ok := l.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	return err == nil && shareRaw(raw, with) == nil
}

func shareRaw(raw syscall.RawConn, with bool) error {
	value := 0
	if with {
		value = 1
	}
	var optErr error
	err := raw.Control(func(fd uintptr) {
		optErr = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, value)
	})
	return errors.Join(err, optErr)
}

// takesFrom reports whether the new listener takes clients from the old one: its
// address is one of those of the old one.
func takesFrom(next, old net.Listener) bool {
	a, ok := next.Addr().(*net.TCPAddr)
	b, wasTCP := old.Addr().(*net.TCPAddr)
	return ok && wasTCP && a.Port == b.Port && b.IP.IsUnspecified() && !a.IP.IsUnspecified()
}

// sameTCP reports whether the address is that of a listener. Port 0 is a new port
// each time.
func sameTCP(has *net.TCPAddr, address string) bool {
	want, err := net.ResolveTCPAddr("tcp", address)
	if err != nil || want.Port == 0 || want.Port != has.Port || want.Zone != has.Zone {
		return false
	}
	// Go listens on all addresses of both families for 0.0.0.0 and for [::].
	return want.IP.Equal(has.IP) || (want.IP == nil || want.IP.IsUnspecified()) && has.IP.IsUnspecified()
}
