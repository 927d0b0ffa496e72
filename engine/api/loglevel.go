package api

import (
	"slices"
	"time"
)

// LogLevels are the levels of the log, the most talkative first. It is read-only.
var LogLevels = []string{"debug", "info", "warn", "error"}

// IsLogLevel reports whether there is a level with a name.
func IsLogLevel(name string) bool { return slices.Contains(LogLevels, name) }

// A LogLevel is the level of the log of a master. It is the answer to GET and POST
// /v1/log-level.
type LogLevel struct {
	FormatVersion int       `json:"format_version"`
	Level         string    `json:"level"`
	Usual         string    `json:"usual"`          // that of --log-level
	Since         time.Time `json:"since,omitzero"` // when it was changed; absent if it is the usual one
}

// String returns the level, and what it will be.
func (l *LogLevel) String() string {
	if l.Since.IsZero() {
		return l.Level
	}
	return l.Level + " until the next reload, then " + l.Usual
}

// A LogLevelRequest asks for another level until the next reload. It is the body of POST
// /v1/log-level.
type LogLevelRequest struct {
	Level string `json:"level"` // "" is the usual one
}
