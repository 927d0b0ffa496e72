package proc

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestKeepPorts runs a program without cgo, as ldcorn is built, as a service manager
// does with AmbientCapabilities=CAP_NET_BIND_SERVICE and User=.
func TestKeepPorts(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give a process another user and a capability")
	}
	dir, err := os.MkdirTemp("", "ports") // others can read it
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	require.NoError(t, os.Chmod(dir, 0o755))
	program := filepath.Join(dir, "ports")
	build := exec.Command("go", "build", "-o", program, "./testdata/ports")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	cmd := exec.Command(program)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential:  &syscall.Credential{Uid: 65534, Gid: 65534},
		AmbientCaps: []uintptr{unix.CAP_NET_BIND_SERVICE},
	}
	out, err = cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Equal(t, "0000000000000400 0000000000000000\n", string(out), "its own, and those of its child")
}
