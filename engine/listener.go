package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"

	"github.com/coreos/go-systemd/v22/activation"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// listen opens the master's address. It is bound before any worker starts, so
// that a taken address fails at once, and accepted from only later. A unix
// socket's file is removed when the listener is closed.
func listen(bind plan.Bind) (net.Listener, error) {
	switch bind.Network {
	case "systemd":
		return listenActivated()
	case "unix":
		return listenUnix(bind.Address)
	}
	l, err := net.Listen("tcp", bind.Address)
	if err != nil {
		return nil, explain(bind, err)
	}
	return l, nil
}

// explain says what to do about the errors that people meet.
func explain(bind plan.Bind, err error) error {
	hint := ""
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		hint = "; stop what listens there, or choose another bind"
	case errors.Is(err, syscall.EACCES) && bind.Network == "tcp":
		hint = "; ports below 1024 are for root: choose a higher one, give the binary cap_net_bind_service, or use bind=\"systemd\""
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		hint = "; this machine has no such address: use one of its own, or 0.0.0.0 for all"
	}
	return fmt.Errorf("bind %q: %w%s", bind, err, hint)
}

// listenUnix replaces the socket file of a process that is dead, and nothing
// else.
func listenUnix(path string) (net.Listener, error) {
	bind := plan.Bind{Network: "unix", Address: path}
	l, err := net.Listen("unix", path)
	if err == nil {
		return l, nil
	}
	if !errors.Is(err, syscall.EADDRINUSE) {
		return nil, explain(bind, err)
	}
	info, statErr := os.Lstat(path)
	switch {
	case statErr == nil && info.Mode().Type() != fs.ModeSocket:
		return nil, fmt.Errorf("bind %q: the file exists and is no socket; remove it, or choose another path", bind)
	case isLive(path):
		return nil, explain(bind, err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("bind %q: stale socket: %w", bind, err)
	}
	if l, err = net.Listen("unix", path); err != nil {
		return nil, explain(bind, err)
	}
	return l, nil
}

// isLive reports whether somebody accepts on the socket: only a refused
// connection proves that nobody does.
func isLive(path string) bool {
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "unix", path)
	if err == nil {
		conn.Close()
		return true
	}
	return !errors.Is(err, syscall.ECONNREFUSED)
}

// listenActivated takes the one socket that the service manager has passed.
func listenActivated() (net.Listener, error) {
	listeners, err := activation.Listeners()
	if err != nil {
		return nil, fmt.Errorf("bind \"systemd\": %w", err)
	}
	var found []net.Listener
	for _, l := range listeners {
		if l != nil { // nil for what is no stream socket
			found = append(found, l)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	for _, l := range found {
		l.Close()
	}
	if len(found) == 0 {
		return nil, errors.New("bind \"systemd\": no socket was passed; start ldcorn by a .socket unit, or write bind=\"host:port\"")
	}
	return nil, fmt.Errorf("bind \"systemd\": got %d sockets, want 1; keep one ListenStream= in the .socket unit", len(found))
}
