package worker

import (
	"slices"
	"strconv"
	"time"
)

// keepAlive is how long Uvicorn keeps an idle connection, in seconds. It is
// longer than the proxy's own limit for idle worker connections, so that the
// proxy, which reuses connections, is also the side that closes them.
const keepAlive = 75

// gracefulSince is the first version of Uvicorn with
// --timeout-graceful-shutdown.
var gracefulSince = Version{0, 22, 0}

// Args returns the interpreter's arguments for a worker. The user's own
// arguments come last, because Uvicorn uses the last value of an option.
//
// It sets no --limit-* option: Uvicorn's limits count idle pooled connections,
// or make the worker exit on its own; caps and recycling are ldcorn's job. It
// sets no --workers option: one process is the default once Environ has removed
// $WEB_CONCURRENCY, and a Uvicorn that is given a number may run a supervisor
// of its own.
func (s *Spec) Args() []string {
	group := s.Group
	var args []string
	if s.isolates() {
		args = append(args, "-P")
	}
	args = append(args,
		"-m", "uvicorn", group.App,
		"--uds", s.Socket,
		"--timeout-keep-alive", strconv.Itoa(keepAlive),
		// Otherwise Uvicorn does not trust a peer on a unix socket. The headers
		// are the proxy's own.
		"--proxy-headers", "--forwarded-allow-ips", "*",
		"--log-level", group.LogLevel,
	)
	if s.isolates() && s.option("--app-dir", "UVICORN_APP_DIR") == "" {
		// Uvicorn puts this folder at the front of sys.path once it has
		// imported its own modules. The default would follow an app that
		// changes its working directory.
		args = append(args, "--app-dir", s.Folder())
	}
	if !slices.Contains(group.UvicornArgs, "--access-log") {
		args = append(args, "--no-access-log")
	}
	if !s.Facts.Uvicorn.Less(gracefulSince) {
		graceful := gracefulSeconds(group.StopTimeout)
		if s.Hasty {
			graceful = 1
		}
		args = append(args, "--timeout-graceful-shutdown", strconv.Itoa(graceful))
	}
	return append(args, group.UvicornArgs...)
}

// ScriptArgs returns the interpreter's arguments for one of our scripts, which
// then finds modules as the worker does. The last argument is the folder that
// the script must put at the front of sys.path once it has imported Uvicorn.
func (s *Spec) ScriptArgs(script string, args ...string) []string {
	out := append([]string{"-c", script}, args...)
	if s.isolates() {
		out = append([]string{"-P"}, out...)
	}
	return append(out, s.AppFolder())
}

// gracefulSeconds returns the value of --timeout-graceful-shutdown. It leaves a
// second of the stop timeout for the app's own shutdown. Without the option
// Uvicorn would wait forever.
func gracefulSeconds(stop time.Duration) int {
	return max(1, int(stop/time.Second)-1)
}
