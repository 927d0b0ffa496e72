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
// worker leave by itself; caps and recycling are ldcorn's.
func (s *Spec) Args() []string {
	pool := s.Pool
	args := []string{
		"-m", "uvicorn", pool.App,
		"--uds", s.Socket,
		"--workers", "1", // whatever $WEB_CONCURRENCY says
		"--timeout-keep-alive", strconv.Itoa(keepAlive),
		// A peer on a unix socket is not trusted otherwise; the headers are
		// the proxy's own.
		"--proxy-headers", "--forwarded-allow-ips", "*",
		"--log-level", pool.LogLevel,
	}
	if !slices.Contains(pool.UvicornArgs, "--access-log") {
		args = append(args, "--no-access-log")
	}
	if !s.Version.Less(gracefulSince) {
		args = append(args, "--timeout-graceful-shutdown", strconv.Itoa(gracefulSeconds(pool.StopTimeout)))
	}
	return append(args, pool.UvicornArgs...)
}

// gracefulSeconds leaves Uvicorn a second of the stop timeout for the app's
// own shutdown. Without the option it would wait for ever.
func gracefulSeconds(stop time.Duration) int {
	return max(1, int(stop/time.Second)-1)
}
