package masterlog

import (
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// parseRecord reads a line that slog's text format has written, and reports whether
// it is one. Values come back as texts.
func parseRecord(line string) (slog.Record, bool) {
	none := slog.Record{}
	at, line, ok := nextAttr(line)
	if !ok || at.Key != slog.TimeKey {
		return none, false
	}
	when, err := time.Parse(time.RFC3339, at.Value.String())
	if err != nil {
		return none, false
	}
	var level slog.Level
	a, line, ok := nextAttr(line)
	if !ok || a.Key != slog.LevelKey || level.UnmarshalText([]byte(a.Value.String())) != nil {
		return none, false
	}
	msg, line, ok := nextAttr(line)
	if !ok || msg.Key != slog.MessageKey {
		return none, false
	}
	r := slog.NewRecord(when.Local(), level, msg.Value.String(), 0)
	for line != "" {
		if a, line, ok = nextAttr(line); !ok {
			return none, false
		}
		r.AddAttrs(a)
	}
	return r, true
}

// nextAttr splits a line behind its first key=value.
func nextAttr(line string) (a slog.Attr, rest string, ok bool) {
	key, rest, ok := strings.Cut(line, "=")
	if !ok || key == "" || strings.ContainsAny(key, " \"") {
		return a, line, false
	}
	value, end, _ := strings.Cut(rest, " ")
	if strings.HasPrefix(rest, `"`) {
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return a, line, false
		}
		if value, err = strconv.Unquote(quoted); err != nil {
			return a, line, false
		}
		end = strings.TrimPrefix(rest[len(quoted):], " ")
	}
	return slog.String(key, value), end, true
}
