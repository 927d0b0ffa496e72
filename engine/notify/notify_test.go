package notify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// patience bounds every wait; a busy machine is slow.
const patience = 60 * time.Second

// listen returns a socket of a service manager, which NOTIFY_SOCKET names.
func listen(t *testing.T, name string) *net.UnixConn {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", name)
	t.Setenv("WATCHDOG_USEC", "")
	return conn
}

func read(t *testing.T, conn *net.UnixConn) string {
	t.Helper()
	buf := make([]byte, 4096)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
	n, err := conn.Read(buf)
	require.NoError(t, err)
	return string(buf[:n])
}

// sockets runs a test with a socket in a folder, and with an abstract one.
func sockets(t *testing.T, test func(t *testing.T, name string)) {
	t.Run("path", func(t *testing.T) {
		dir, err := os.MkdirTemp("", "n") // short, for sockets
		require.NoError(t, err)
		t.Cleanup(func() { os.RemoveAll(dir) })
		test(t, filepath.Join(dir, "notify"))
	})
	t.Run("abstract", func(t *testing.T) { test(t, fmt.Sprintf("@ldcorn-notify-%d", os.Getpid())) })
}

// One life of a master: each message has what systemd wants of it.
func TestManager(t *testing.T) {
	sockets(t, func(t *testing.T, name string) {
		conn := listen(t, name)
		m := New()
		require.True(t, m.Present())
		assert.Zero(t, m.Watchdog())
		ready := "READY=1\nMAINPID=" + strconv.Itoa(os.Getpid())

		m.Extend(30 * time.Second)
		assert.Equal(t, "EXTEND_TIMEOUT_USEC=30000000", read(t, conn))
		m.Status("starting")
		assert.Equal(t, "STATUS=starting", read(t, conn))
		m.Status("starting") // is nothing new
		m.Ready("serving", nil)
		assert.Equal(t, ready+"\nSTATUS=serving", read(t, conn))

		m.Reloading("reloading")
		first := read(t, conn)
		assert.Regexp(t, `^RELOADING=1\nMONOTONIC_USEC=\d+\nSTATUS=reloading$`, first)
		m.Ready("the reload failed", errors.New("ldconfig.star:1:1: broken"))
		assert.Equal(t, ready+"\nERRNO=22\nSTATUS=the reload failed", read(t, conn))
		m.Reloading("reloading")
		assert.GreaterOrEqual(t, usec(t, read(t, conn)), usec(t, first))
		m.Ready("serving\nand more", nil)
		assert.Equal(t, ready+"\nERRNO=0\nSTATUS=serving", read(t, conn), "the error is over")
		m.Ready("serving", nil)
		assert.Equal(t, ready, read(t, conn))

		m.Stopping("stopping", 42*time.Second)
		assert.Equal(t, "STOPPING=1\nEXTEND_TIMEOUT_USEC=42000000\nSTATUS=stopping", read(t, conn))
		m.Ready("serving", nil) // neither is true any more
		m.Reloading("reloading")
		m.Failed("no room", fmt.Errorf("open: %w", syscall.ENOSPC))
		assert.Equal(t, "ERRNO=28\nSTATUS=failed: no room", read(t, conn))
	})
}

// usec returns the moment in a message.
func usec(t *testing.T, message string) int {
	t.Helper()
	m := regexp.MustCompile(`MONOTONIC_USEC=(\d+)`).FindStringSubmatch(message)
	require.NotNil(t, m, message)
	n, err := strconv.Atoi(m[1])
	require.NoError(t, err)
	return n
}

func TestManager_None(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	t.Setenv("WATCHDOG_USEC", "1000000")
	m := New()
	assert.False(t, m.Present())
	assert.Zero(t, m.Watchdog())
	m.Ready("serving", nil)
	m.Guard(t.Context(), nil, nil) // returns

	t.Setenv("NOTIFY_SOCKET", "/nowhere/notify")
	New().Ready("serving", nil) // a manager that does not listen
}

func TestManager_Watchdog(t *testing.T) {
	listen(t, fmt.Sprintf("@ldcorn-watchdog-%d", os.Getpid()))
	t.Setenv("WATCHDOG_USEC", "30000000")
	t.Setenv("WATCHDOG_PID", "")
	assert.Equal(t, 30*time.Second, New().Watchdog())
	t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
	assert.Equal(t, 30*time.Second, New().Watchdog())
	t.Setenv("WATCHDOG_PID", "1")
	assert.Zero(t, New().Watchdog(), "that of another process")
	t.Setenv("WATCHDOG_PID", "")
	t.Setenv("WATCHDOG_USEC", "soon")
	assert.Zero(t, New().Watchdog())
}

// The watchdog is fed as long as the process is healthy, and not a moment longer.
func TestGuard(t *testing.T) {
	sockets(t, func(t *testing.T, name string) {
		conn := listen(t, name)
		t.Setenv("WATCHDOG_USEC", "20000") // 20 ms
		t.Setenv("WATCHDOG_PID", "")
		m := New()
		ctx, cancel := context.WithCancel(t.Context())
		looks, stuck := make(chan error), make(chan error)
		done := make(chan struct{})
		go func() {
			defer close(done)
			m.Guard(ctx, func(context.Context) error { return <-looks }, func(err error) { stuck <- err })
		}()
		for range 3 {
			looks <- nil
			assert.Equal(t, "WATCHDOG=1", read(t, conn))
		}
		for range 3 {
			looks <- errors.New("it hangs")
			require.EqualError(t, <-stuck, "it hangs")
		}
		m.Status("a message after these looks")
		assert.True(t, strings.HasPrefix(read(t, conn), "STATUS="), "nothing was sent before")
		looks <- nil
		assert.Equal(t, "WATCHDOG=1", read(t, conn), "it can recover")
		cancel()
		close(looks)
		<-done
	})
}

// A look has half the time.
func TestGuard_Limit(t *testing.T) {
	listen(t, fmt.Sprintf("@ldcorn-limit-%d", os.Getpid()))
	t.Setenv("WATCHDOG_USEC", "20000")
	t.Setenv("WATCHDOG_PID", "")
	ctx, cancel := context.WithCancel(t.Context())
	New().Guard(ctx, func(look context.Context) error {
		<-look.Done()
		return look.Err()
	}, func(err error) {
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		cancel()
	})
	assert.Error(t, ctx.Err(), "Guard ends with its context")
}
