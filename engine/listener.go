package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// listen opens the address of an argument. The public address is bound before
// any worker starts, so that a taken address fails immediately, but accepts
// connections only later. A unix socket's file is removed when the listener is
// closed.
func listen(argument string, bind plan.Bind, file socketFile) (net.Listener, error) {
	var l net.Listener
	var err error
	switch bind.Network {
	case "unix":
		l, err = listenUnix(bind.Address, file)
	default:
		l, err = net.Listen("tcp", bind.Address)
	}
	if err != nil {
		return nil, explain(argument, bind, err)
	}
	return l, nil
}

// explain adds advice to common errors.
func explain(argument string, bind plan.Bind, err error) error {
	by, hint := "", ""
	switch {
	case errors.Is(err, errOwner):
		hint = "only root can give a file to another user, and only a member of a group can give it to that group"
	case errors.Is(err, errNoSocket):
		hint = "remove it, or choose another path"
	case errors.Is(err, syscall.EADDRINUSE):
		by, hint = inUse(bind)
		hint += ", or choose another " + argument
	case errors.Is(err, fs.ErrNotExist) && bind.Network == "unix":
		hint = "create its folder first"
	case errors.Is(err, syscall.EACCES) && bind.Network == "tcp":
		hint = "ports below 1024 are for root: choose a higher one, give ldcorn CAP_NET_BIND_SERVICE"
		if argument == "bind" {
			hint += ", or use bind=\"systemd\" (docs/ports.md says how)"
		}
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		hint = "this machine has no such address: use one of its own, or 0.0.0.0 for all"
	}
	err = fmt.Errorf("%s %q: %w%s", argument, bind, err, by)
	if hint == "" {
		return err
	}
	return &worker.Advised{Err: err, Hint: hint}
}

var errNoSocket = errors.New("the file exists and is not a socket")

// listenUnix replaces only the socket file of a dead process.
func listenUnix(path string, file socketFile) (net.Listener, error) {
	if !file.private {
		defer lockFolder(path)()
	}
	l, err := file.listen(path)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return l, err
	}
	info, statErr := os.Lstat(path)
	switch {
	case statErr == nil && info.Mode().Type() != fs.ModeSocket:
		return nil, errNoSocket
	case isLive(path):
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("stale socket: %w", err)
	}
	return file.listen(path)
}

// isLive reports whether a process accepts connections on the socket: only a
// refused connection proves that none does.
func isLive(path string) bool {
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "unix", path)
	if err == nil {
		conn.Close()
		return true
	}
	return !errors.Is(err, syscall.ECONNREFUSED)
}
