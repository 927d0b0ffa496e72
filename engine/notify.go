package engine

import (
	"os"
	"strconv"

	"github.com/coreos/go-systemd/v22/daemon"
)

// A notification tells the service manager of a state, see sd_notify(3).
type notification string

// The notifications. systemd wants the time of a RELOADING.
const (
	notifyReady     notification = daemon.SdNotifyReady
	notifyReloading notification = daemon.SdNotifyReloading
	notifyStopping  notification = daemon.SdNotifyStopping
)

// notify does nothing without a service manager. One that does not listen
// is no reason to stop.
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
