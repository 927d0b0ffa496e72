package engine

import (
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// listenControl opens the control socket: in the runtime directory, or where
// control_socket says. Then a link in the runtime directory leads there, so
// that the command line finds it by the configuration's path alone. The link
// goes with the directory's sockets.
func listenControl(socket plan.ControlSocket, runtimeDir string) (*net.UnixListener, error) {
	found := filepath.Join(runtimeDir, control.SocketName)
	path := found
	if socket != "" {
		path = string(socket)
	}
	l, err := listen("control_socket", plan.Bind{Network: "unix", Address: path})
	if err != nil {
		return nil, err
	}
	if err = os.Chmod(path, 0o600); err == nil && path != found {
		err = os.Symlink(path, found)
	}
	if err != nil {
		l.Close()
		return nil, fmt.Errorf("control_socket: %w", err)
	}
	return l.(*net.UnixListener), nil
}
