package worker

import (
	"slices"
	"strconv"
	"time"
)

// keepAlive is how long Uvicorn keeps an idle connection, in seconds. It is
// longer than the proxy's own limit for idle worker connections, so that the
// side that reuses a connection is the one that closes it.
const keepAlive = 75

// gracefulSince is the first Uvicorn with --timeout-graceful-shutdown.
var gracefulSince = Version{0, 22, 0}

// Args returns the interpreter's arguments for a worker. The user's own come
// last, so that they win where Uvicorn takes the last one.
//
// No --limit-*: Uvicorn's limits count idle pooled connections, or make the
// worker leave by itself; caps and recycling are ldcorn's. No --workers: one
// process is the default where Environ leaves $WEB_CONCURRENCY out, and a
// Uvicorn that is told a number may run a supervisor of its own.
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
		// A peer on a unix socket is not trusted otherwise; the headers are
		// the proxy's own.
		"--proxy-headers", "--forwarded-allow-ips", "*",
		"--log-level", group.LogLevel,
	)
	if s.isolates() && s.option("--app-dir", "UVICORN_APP_DIR") == "" {
		// Uvicorn puts it in front of the path once its own modules are
		// imported. Its default would follow an app that changes folder.
		args = append(args, "--app-dir", s.Folder())
	}
	if !slices.Contains(group.UvicornArgs, "--access-log") {
		args = append(args, "--no-access-log")
	}
	if !s.Facts.Uvicorn.Less(gracefulSince) {
		args = append(args, "--timeout-graceful-shutdown", strconv.Itoa(gracefulSeconds(group.StopTimeout)))
	}
	return append(args, group.UvicornArgs...)
}

// ScriptArgs returns the interpreter's arguments for a script of ours that
// finds modules as the worker does. Its last one is what the script has to put
// in front of the path once it has imported Uvicorn.
func (s *Spec) ScriptArgs(script string, args ...string) []string {
	out := append([]string{"-c", script}, args...)
	if s.isolates() {
		out = append([]string{"-P"}, out...)
	}
	return append(out, s.AppFolder())
}

// gracefulSeconds leaves Uvicorn a second of the stop timeout for the app's
// own shutdown. Without the option it would wait for ever.
func gracefulSeconds(stop time.Duration) int {
	return max(1, int(stop/time.Second)-1)
}
