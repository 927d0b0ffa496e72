package engine

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/event"
)

// A logLevel is the level of the log of a master, which can be changed until the next
// reload. Any goroutine may call its methods.
type logLevel struct {
	level  *slog.LevelVar // nil if it cannot be changed
	usual  slog.Level     // that of --log-level
	log    *slog.Logger
	events *event.Stream

	mu    sync.Mutex // guards since, and is held while the level changes
	since time.Time  // when it was changed; zero if it is the usual one
}

func newLogLevel(level *slog.LevelVar, log *slog.Logger, events *event.Stream) *logLevel {
	l := &logLevel{level: level, log: log, events: events}
	if level != nil {
		l.usual = level.Level()
	}
	return l
}

// now returns the level.
func (l *logLevel) now() api.LogLevel {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state()
}

// state is now for a caller that holds mu.
func (l *logLevel) state() api.LogLevel {
	out := api.LogLevel{FormatVersion: api.ControlVersion, Level: nameOf(l.usual), Usual: nameOf(l.usual), Since: l.since}
	if l.level != nil {
		out.Level = nameOf(l.level.Level())
	}
	return out
}

func nameOf(l slog.Level) string { return strings.ToLower(l.String()) }

// temporary returns the level if it was changed, or nil.
func (l *logLevel) temporary() *api.LogLevel {
	now := l.now()
	if now.Since.IsZero() {
		return nil
	}
	return &now
}

// set changes the level until the next reload. "" sets the usual one.
func (l *logLevel) set(name string) (api.LogLevel, error) {
	next := l.usual
	if name != "" {
		if !api.IsLogLevel(name) {
			return api.LogLevel{}, fmt.Errorf("no log level %q: want %s", name, strings.Join(api.LogLevels, ", "))
		}
		_ = next.UnmarshalText([]byte(name)) // it knows these names
	}
	if l.level == nil {
		return api.LogLevel{}, fmt.Errorf("the level of this log cannot be changed")
	}
	l.change(next, "ldcorn log-level")
	return l.now(), nil
}

// reset sets the usual level again, for a reason.
func (l *logLevel) reset(reason string) {
	if l.level != nil {
		l.change(l.usual, reason)
	}
}

func (l *logLevel) change(next slog.Level, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.level.Level()
	if next == before {
		return
	}
	l.since = time.Time{}
	until := ""
	if next != l.usual {
		l.since, until = time.Now(), " until the next reload"
	}
	l.level.Set(min(next, slog.LevelInfo)) // so that the log tells of it, whatever the levels are
	l.log.Info("log level changed", "level", nameOf(next), "was", nameOf(before), "reason", reason, "temporary", next != l.usual)
	l.level.Set(next)
	l.events.Emit(api.Event{Kind: api.EventLogLevel, Reason: fmt.Sprintf("%s%s, was %s: %s", nameOf(next), until, nameOf(before), reason)})
}
