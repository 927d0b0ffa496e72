package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// A controlSocket is the socket where the master answers the command line: in
// the runtime directory, or at the path of control_socket. In the latter case a
// link in the runtime directory leads there, so that the command line can find
// it from the configuration's path alone. The link is removed together with the
// directory's sockets.
type controlSocket struct {
	wanted plan.ControlSocket
	server *control.Server
	path   string
	file   fs.FileInfo // the file that we created at path
}

// listen opens the socket for a runtime directory.
func (c *controlSocket) listen(runtimeDir string) (*net.UnixListener, error) {
	found := filepath.Join(runtimeDir, control.SocketName)
	c.path = found
	if c.wanted != "" {
		c.path = string(c.wanted)
	}
	l, err := listen("control_socket", plan.Bind{Network: "unix", Address: c.path}, socketFile{mode: 0o600, private: c.path == found})
	if err != nil {
		return nil, err
	}
	if c.file, err = os.Lstat(c.path); err == nil {
		err = c.link(found)
	}
	if err != nil {
		l.Close()
		return nil, fmt.Errorf("control_socket: %w", err)
	}
	return l.(*net.UnixListener), nil
}

// link creates the link in the runtime directory, unless the socket itself is
// there.
func (c *controlSocket) link(found string) error {
	if c.path == found {
		return nil
	}
	if to, err := os.Readlink(found); err == nil && to == c.path {
		return nil
	}
	if err := os.Remove(found); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Symlink(c.path, found)
}

// keep opens the socket again if its file is gone, or if the runtime directory
// has changed. It is meant for Runtime.Keep.
func (c *controlSocket) keep(runtimeDir string) error {
	found := filepath.Join(runtimeDir, control.SocketName)
	now, err := os.Lstat(c.path)
	if err == nil && os.SameFile(now, c.file) && (c.wanted != "" || c.path == found) {
		return c.link(found)
	}
	l, err := c.listen(runtimeDir)
	if err != nil {
		return err
	}
	c.server.Move(l)
	return nil
}
