package worker

import (
	"bytes"
	"strings"

	"github.com/ldcorn/ldcorn/engine/traceback"
)

// Lines that Uvicorn writes whenever it starts, and when it stops in an orderly
// way. They say nothing about a failure, but would appear as a worker's last
// words if the app itself wrote none.
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
	[]byte("INFO:     ASGI 'lifespan' protocol appears unsupported."), // Django's has none
	[]byte("INFO:     Shutting down"),
	[]byte("INFO:     Waiting for connections to close."),         // they end with advice for a Uvicorn
	[]byte("INFO:     Waiting for background tasks to complete."), // that runs on the terminal itself
	[]byte("INFO:     Waiting for application shutdown."),
	[]byte("INFO:     Application shutdown complete."),
	[]byte("INFO:     Finished server process ["),
}

// failedStartup is the last line of a Uvicorn whose app did not start. The line
// before it says why.
const failedStartup = "Application startup failed. Exiting."

// IsEmptyNews reports whether a line that a worker writes while it starts only
// surrounds another that says what is wrong.
func IsEmptyNews(line string) bool {
	return strings.HasSuffix(line, failedStartup) ||
		strings.HasPrefix(line, "Usage: ") && strings.HasSuffix(line, " [OPTIONS] APP") ||
		strings.HasPrefix(line, "Try '") && strings.HasSuffix(line, "--help' for help.")
}

// LastWord returns the line among the last ones of a worker that says what is
// wrong: the exception of the last traceback, or else the last line. Of an exception
// group, it is that of the group, if the lines reach back so far. It returns "" if
// there is none.
func LastWord(lines []string) string {
	member := "" // the last exception of a group whose own has not been seen
	for i := len(lines) - 1; i >= 0; i-- {
		before, found := strings.CutSuffix(lines[i], traceback.Header)
		if !found {
			continue
		}
		margin, isMember := "", false
		if group, found := strings.CutSuffix(before, "+ Exception Group "); found {
			margin = strings.TrimPrefix(group, "ERROR:    ") + "| "
		} else if at := strings.IndexByte(before, '|'); at >= 0 && strings.TrimSpace(before[:at]) == "" {
			margin, isMember = before[:at]+"| ", true
		}
		switch word := messageOf(lines[i+1:], margin); {
		case word == "":
		case !isMember && (margin != "" || member == ""):
			return word
		case !isMember:
			return member
		case member == "":
			member = word
		}
	}
	if member != "" {
		return member
	}
	for i := len(lines) - 1; i >= 0; i-- {
		line := strings.TrimSpace(lines[i])
		if strings.HasPrefix(line, "+-") && strings.HasSuffix(line, "---") { // the end of a part of a group
			continue
		}
		if line = strings.TrimLeft(line, "| "); line != "" && !IsEmptyNews(line) {
			return strings.TrimSpace(strings.TrimPrefix(line, "ERROR:"))
		}
	}
	return ""
}

// messageOf returns the first line of the exception of a traceback, with what is drawn
// to the left of its lines.
func messageOf(lines []string, margin string) string {
	for _, line := range lines {
		if line, inside := strings.CutPrefix(line, margin); inside && line != "" && line[0] != ' ' {
			return line
		}
	}
	return ""
}

// IsRoutine reports whether a line is one that Uvicorn writes whenever it starts,
// and when it stops in an orderly way.
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
