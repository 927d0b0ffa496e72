// Package notify tells the service manager how the master is, with the protocol of
// sd_notify(3), and feeds its watchdog.
package notify

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/ldcorn/ldcorn/engine/visible"
)

// maxStatus is how many bytes of a status the manager gets, which shows it in one line.
const maxStatus = 400

// A Manager is the service manager that has started this process. Use New. Without a
// service manager, its methods do nothing. They ignore errors: a manager that does not
// listen is no reason to stop. They are safe to call from any goroutine.
type Manager struct {
	present bool
	timeout time.Duration // of the watchdog; 0 = there is none

	mu       sync.Mutex // guards all below, and the order of the messages
	stopping bool
	failed   bool   // the manager has an ERRNO
	status   string // that the manager has
}

// New returns the manager that the environment names.
func New() *Manager {
	m := &Manager{present: os.Getenv("NOTIFY_SOCKET") != ""}
	if m.present {
		m.timeout, _ = daemon.SdWatchdogEnabled(false) // an error means that nobody waits for this process
	}
	return m
}

// Present reports whether there is a service manager.
func (m *Manager) Present() bool { return m.present }

// Watchdog returns within which time the manager wants to hear from this process again,
// or 0 if it does not.
func (m *Manager) Watchdog() time.Duration { return m.timeout }

// Ready tells that the start or a reload is over. A reload may have failed: err says why,
// and is otherwise nil. Once the process stops, Ready does nothing.
func (m *Manager) Ready(status string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stopping {
		return
	}
	lines := []string{daemon.SdNotifyReady, "MAINPID=" + strconv.Itoa(os.Getpid())}
	switch {
	case err != nil:
		lines = append(lines, errnoOf(err))
	case m.failed:
		lines = append(lines, "ERRNO=0")
	}
	m.failed = err != nil
	m.send(status, lines...)
}

// Reloading tells that a reload begins, which Ready ends. Once the process stops, it does
// nothing.
func (m *Manager) Reloading(status string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.stopping {
		m.send(status, daemon.SdNotifyReloading, strings.TrimSpace(daemon.SdNotifyMonotonicUsec()))
	}
}

// Stopping tells that the process stops, and how long that takes at most.
func (m *Manager) Stopping(status string, limit time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stopping = true
	lines := []string{daemon.SdNotifyStopping}
	if limit > 0 {
		lines = append(lines, extension(limit))
	}
	m.send(status, lines...)
}

// Failed tells why the process ends.
func (m *Manager) Failed(status string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.send("failed: "+status, errnoOf(err))
}

// Extend gives the start or the stop in progress more time.
func (m *Manager) Extend(by time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.send(m.status, extension(by))
}

// Status tells what the process does, in one line.
func (m *Manager) Status(status string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.send(status)
}

// alive feeds the watchdog.
func (m *Manager) alive() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.send(m.status, daemon.SdNotifyWatchdog)
}

// send sends one message: the lines, and the status if it is new. mu must be held.
func (m *Manager) send(status string, lines ...string) {
	if status = shown(status); status != m.status {
		m.status = status
		lines = append(lines, "STATUS="+status)
	}
	if m.present && len(lines) > 0 {
		_, _ = daemon.SdNotify(false, strings.Join(lines, "\n"))
	}
}

// shown returns a status as the manager can show it.
func shown(status string) string {
	return visible.Cut(visible.FirstLine(strings.TrimSpace(status)), maxStatus)
}

func extension(d time.Duration) string {
	return "EXTEND_TIMEOUT_USEC=" + strconv.FormatInt(d.Microseconds(), 10)
}

// errnoOf returns the line with the number of an error: that of the system, or else that
// of an invalid argument, since what is left is mostly the configuration.
func errnoOf(err error) string {
	number := syscall.EINVAL
	errors.As(err, &number)
	return "ERRNO=" + strconv.Itoa(int(number))
}
