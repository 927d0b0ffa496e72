package engine

import (
	"fmt"
	"net"
	"os"

	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

func TestMain(m *testing.M) {
	if binds := os.Getenv("LDCORN_TEST_ACTIVATED"); binds != "" {
		// TestPassed started this process; its pid was not known before.
		os.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid()))
		sayPassed(strings.Fields(binds))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestListen_TCP(t *testing.T) {
	l, err := listen("bind", plan.Bind{Network: "tcp", Address: "127.0.0.1:0"}, socketFile{})
	require.NoError(t, err)
	defer l.Close()
	_, err = listen("bind", plan.Bind{Network: "tcp", Address: l.Addr().String()}, socketFile{})
	require.ErrorContains(t, err, fmt.Sprintf("(pid %d); stop it, or choose another bind", os.Getpid()))
	assert.ErrorContains(t, err, strconv.Quote(l.Addr().String()))
	_, err = listen("bind", plan.Bind{Network: "tcp", Address: "192.0.2.1:8000"}, socketFile{})
	require.ErrorContains(t, err, "this machine has no such address")
}

func TestListen_Unix(t *testing.T) {
	dir, err := os.MkdirTemp("", "l")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	bind := plan.Bind{Network: "unix", Address: filepath.Join(dir, "s")}

	stale, err := net.Listen("unix", bind.Address)
	require.NoError(t, err)
	stale.(*net.UnixListener).SetUnlinkOnClose(false)
	require.NoError(t, stale.Close())
	l, err := listen("bind", bind, socketFile{})
	require.NoError(t, err, "the socket of a dead process is replaced")
	assert.Equal(t, "unix:"+bind.Address, address(l))

	_, err = listen("bind", bind, socketFile{})
	require.ErrorContains(t, err, "address already in use", "that of a living one is not")
	require.NoError(t, l.Close())
	assert.NoFileExists(t, bind.Address)

	require.NoError(t, os.WriteFile(bind.Address, nil, 0o600))
	_, err = listen("bind", bind, socketFile{})
	require.ErrorContains(t, err, "is not a socket")
	assert.FileExists(t, bind.Address)

	_, err = listen("bind", plan.Bind{Network: "unix", Address: filepath.Join(dir, "no/such/folder")}, socketFile{})
	require.ErrorIs(t, err, os.ErrNotExist)
}

// A manager is a service manager that receives notifications.
type manager struct {
	t    testing.TB
	conn *net.UnixConn
}

func listenNotify(t testing.TB) *manager {
	t.Helper()
	path := filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return &manager{t, conn}
}

// message returns the next message.
func (m *manager) message() string {
	m.t.Helper()
	buf := make([]byte, 4096)
	require.NoError(m.t, m.conn.SetReadDeadline(time.Now().Add(patience)))
	n, err := m.conn.Read(buf)
	require.NoError(m.t, err)
	return string(buf[:n])
}

// next returns the next message about a change of state.
func (m *manager) next() string {
	m.t.Helper()
	return m.await("READY=1", "RELOADING=1", "STOPPING=1")
}

// await returns the next message that begins with one of some lines.
func (m *manager) await(lines ...string) string {
	m.t.Helper()
	for {
		text := m.message()
		if first, _, _ := strings.Cut(text, "\n"); slices.Contains(lines, first) {
			return text
		}
	}
}

var startedPID = regexp.MustCompile(`pid=(\d+) state=starting`)

// workerPID returns the pid of the worker started last.
func (m *master) workerPID() int {
	m.t.Helper()
	all := startedPID.FindAllStringSubmatch(m.log.String(), -1)
	require.NotEmpty(m.t, all)
	pid, err := strconv.Atoi(strings.TrimSpace(all[len(all)-1][1]))
	require.NoError(m.t, err)
	return pid
}
