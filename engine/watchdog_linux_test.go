//go:build !portable

package engine

import (
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// A hanging router hangs in the event loop that calls it, until it is let go.
type hanging struct{ entered, letGo chan struct{} }

func (h *hanging) Route(r match.Request) (plan.Decision, error) {
	if string(r.Path()) == "/hang" {
		close(h.entered)
		<-h.letGo
	}
	return plan.Decision{}, nil
}

func (h *hanging) Name() string      { return "hanging" }
func (h *hanging) Pos() plan.Pos     { return plan.Pos{} }
func (h *hanging) Digest() string    { return "hanging" }
func (h *hanging) Secrets() []string { return nil }

// mark puts a message of the test among those of the master.
func (m *manager) mark() {
	m.t.Helper()
	conn, err := net.Dial("unixgram", m.conn.LocalAddr().String())
	require.NoError(m.t, err)
	defer conn.Close()
	_, err = conn.Write([]byte("MARK"))
	require.NoError(m.t, err)
}

// While an event loop hangs, the watchdog is not fed.
func TestWatchdog(t *testing.T) {
	m := newMaster(t)
	router := &hanging{entered: make(chan struct{}), letGo: make(chan struct{})}
	m.next.Router = router
	manager := listenNotify(t)
	t.Setenv("WATCHDOG_USEC", "1000000")
	t.Setenv("WATCHDOG_PID", "")
	m.run()
	m.await("msg=listening", 1)
	for range 2 {
		manager.await("WATCHDOG=1")
	}
	conn, err := net.Dial("unix", m.next.Listeners[0].Bind.Address)
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte("GET /hang HTTP/1.1\r\nHost: x\r\n\r\n"))
	require.NoError(t, err)
	<-router.entered

	m.await(`msg="the master hangs"`, 1)
	manager.mark()
	m.await(`msg="the master hangs"`, 3)
	manager.mark()
	manager.await("MARK")
	for text := manager.message(); text != "MARK"; text = manager.message() {
		assert.NotContains(t, text, "WATCHDOG")
	}
	assert.Contains(t, m.log.String(), " event loops do not answer, among them ")

	close(router.letGo)
	manager.await("WATCHDOG=1")
	m.signal(syscall.SIGTERM)
	require.NoError(t, <-m.ended)
}
