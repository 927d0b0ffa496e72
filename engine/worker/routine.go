package worker

import "bytes"

// Lines that every Uvicorn writes when it starts, and when it stops in an
// orderly way. They say nothing about a failure, but would appear as a worker's
// last words if the app itself wrote none.
const (
	startupBegun    = "INFO:     Waiting for application startup."
	startupComplete = "INFO:     Application startup complete."
)

// routine holds the prefixes of those lines. It omits startupBegun: until the
// startup is complete, that line shows where the app hangs.
var routine = [][]byte{ // only read
	[]byte("INFO:     Started server process ["),
	[]byte(startupComplete),
	[]byte("INFO:     Uvicorn running on unix socket "),
	[]byte("INFO:     Shutting down"),
	[]byte("INFO:     Waiting for application shutdown."),
	[]byte("INFO:     Application shutdown complete."),
	[]byte("INFO:     Finished server process ["),
}

// IsRoutine reports whether a line is one that every Uvicorn writes when it
// starts, and when it stops in an orderly way.
func IsRoutine(line []byte) bool {
	return isRoutine(line) || bytes.HasPrefix(line, []byte(startupBegun))
}

func isRoutine(line []byte) bool {
	for _, begin := range routine {
		if bytes.HasPrefix(line, begin) {
			return true
		}
	}
	return false
}
