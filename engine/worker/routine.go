package worker

import "bytes"

// Lines that every Uvicorn writes at its start, and at the end of one that
// stops in order. They say nothing about a failure, and would stand as a
// worker's last words where the app itself has written none.
const (
	startupBegun    = "INFO:     Waiting for application startup."
	startupComplete = "INFO:     Application startup complete."
)

// routine are the beginnings of those lines. That the startup has begun is not
// among them: for as long as it is not complete it says where the app hangs.
var routine = [][]byte{ // only read
	[]byte("INFO:     Started server process ["),
	[]byte(startupComplete),
	[]byte("INFO:     Uvicorn running on unix socket "),
	[]byte("INFO:     Shutting down"),
	[]byte("INFO:     Waiting for application shutdown."),
	[]byte("INFO:     Application shutdown complete."),
	[]byte("INFO:     Finished server process ["),
}

func isRoutine(line []byte) bool {
	for _, begin := range routine {
		if bytes.HasPrefix(line, begin) {
			return true
		}
	}
	return false
}
