package engine

import (
	"os"
	"strconv"

	"github.com/coreos/go-systemd/v22/daemon"
)

// A notification tells the service manager about a state; see sd_notify(3).
type notification string

// The notifications. systemd requires a timestamp with RELOADING.
const (
	notifyReady     notification = daemon.SdNotifyReady
	notifyReloading notification = daemon.SdNotifyReloading
	notifyStopping  notification = daemon.SdNotifyStopping
)

// notify sends a notification. It does nothing without a service manager, and
// ignores errors: a manager that does not listen is no reason to stop.
func notify(n notification) {
	state := string(n)
	switch n {
	case notifyReady:
		state += "\nMAINPID=" + strconv.Itoa(os.Getpid())
	case notifyReloading:
		state += "\n" + daemon.SdNotifyMonotonicUsec()
	}
	_, _ = daemon.SdNotify(false, state)
}
