package masterlog

import (
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/lmittmann/tint"

	"github.com/ldcorn/ldcorn/engine/logbook"
	"github.com/ldcorn/ldcorn/engine/logwriter"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// These limit how far the log can run ahead of its reader, and how long the end
// of the program waits for that reader.
const (
	maxBuffer  = 16 << 20 // bytes
	flushGrace = 5 * time.Second
	// maxRequests is for the lines of requests, so that they do not displace
	// those of the master if a terminal stands still.
	maxRequests = 1 << 20
)

// A Format is a value of --log-format.
type Format string

// The values of a Format.
const (
	Text Format = "text"
	JSON Format = "json"
)

// Options configure a Log. Out is required.
type Options struct {
	Out     io.Writer // never closed
	Format  Format
	Level   slog.Leveler // minimum level of the master's records; nil means info
	Colored bool         // Out shows colors
	// Terminal makes the text a person's: records are short lines, and lines of
	// workers have a time. What every start says appears only if it is Verbose,
	// and the tracebacks of workers that do not start are folded unless it is.
	// The book is the same in any case. JSON ignores both.
	Terminal, Verbose bool
	// Width returns the width, in columns, of the terminal, or 0 if there is no limit. It
	// may be nil, which is the same as no limit, and is called for each record.
	Width func() int
}

// A Log is the log of one master. Its methods are safe for concurrent use.
type Log struct {
	opts  Options
	lines *logwriter.Writer[output]
	out   *visible.Writer // to lines
	book  logbook.Book

	serving  atomic.Bool // see Serving
	failures *failures   // nil if the log shows all that workers write
}

// An output is a writer that needs no closing.
type output struct{ io.Writer }

func (output) Close() error { return nil }

// New returns a log, which writes until Close is called.
func New(opts Options) *Log {
	l := &Log{opts: opts}
	told := teller{log: l}
	l.lines = logwriter.New[output](logwriter.Options{Limit: maxBuffer, Grace: flushGrace, After: told.after})
	l.lines.Use(output{opts.Out})
	l.out = visible.NewWriter(l.lines, func() visible.Colors { return visible.KeepIf(opts.Colored) })
	if l.isTerminal() && !opts.Verbose {
		l.failures = newFailures(l.out, opts.Colored, l.seeAll)
	}
	l.lines.Start()
	return l
}

// Close writes what is left, and waits a limited time for that.
func (l *Log) Close() {
	if l.failures != nil {
		l.failures.Close()
	}
	l.lines.Close()
}

// seeAll says how to see all of a traceback. Before the master serves, a person
// can only start it again.
func (l *Log) seeAll(group string) string {
	if l.serving.Load() {
		return "ldcorn logs " + group + " -v shows all"
	}
	return "-v shows all"
}

// Writer returns a writer for text that belongs to no record, such as what the
// configuration prints. In the JSON format, each line of it becomes a record.
// It never fails.
func (l *Log) Writer() io.Writer {
	if l.opts.Format == JSON {
		return &jsonText{l.newJSONLines()}
	}
	return l.out
}

// Requests returns a writer for whole lines about requests, which must be
// harmless, and which the book does not keep. It never fails and never waits.
func (l *Log) Requests() io.Writer { return requestLines{l} }

type requestLines struct{ log *Log }

// Write implements io.Writer.
func (r requestLines) Write(line []byte) (int, error) {
	r.log.lines.AppendWithin(maxRequests, func(buf []byte, _ output) []byte { return append(buf, line...) })
	return len(line), nil
}

// Serving ends the start of the master. What a reload does has to be told on a
// terminal, too.
func (l *Log) Serving() { l.serving.Store(true) }

// width returns the width of the terminal, or 0 for no limit.
func (l *Log) width() int {
	if l.opts.Width == nil {
		return 0
	}
	return l.opts.Width()
}

// isTerminal reports whether a person reads the log on a terminal.
func (l *Log) isTerminal() bool { return l.opts.Terminal && l.opts.Format != JSON }

// Book returns the book that keeps the newest lines, without colors.
func (l *Log) Book() *logbook.Book { return &l.book }

// Logger returns a new logger of the master. The writer behind it makes the
// control characters in attributes visible, which the color handler would pass
// on.
func (l *Log) Logger() *slog.Logger {
	handler := newHandler(l.out, l.opts.Format, l.opts.Level)
	switch {
	case l.isTerminal():
		handler = l.newTerminalHandler(l.out)
	case l.opts.Colored && l.opts.Format != JSON:
		handler = tint.NewTextHandler(l.out, &tint.Options{Level: l.opts.Level, TimeFormat: time.TimeOnly})
	}
	keep := &keeper{book: &l.book}
	text := visible.NewWriter(keep, func() visible.Colors { return visible.Drop })
	return slog.New(&keptHandler{Handler: handler, copy: newHandler(text, l.opts.Format, l.opts.Level), keeper: keep})
}

// newHandler returns a handler that writes records without colors.
func newHandler(out io.Writer, format Format, level slog.Leveler) slog.Handler {
	opts := &slog.HandlerOptions{Level: level}
	if format == JSON {
		opts.ReplaceAttr = inSeconds
		return slog.NewJSONHandler(out, opts)
	}
	return slog.NewTextHandler(out, opts)
}

// inSeconds turns durations into numbers of seconds, because slog writes
// nanoseconds without a unit.
func inSeconds(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.Float64Value(a.Value.Duration().Seconds())
	}
	return a
}
