package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/lmittmann/tint"

	"github.com/ldcorn/ldcorn/engine/logbook"
	"github.com/ldcorn/ldcorn/engine/visible"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// The values of --log-format.
const (
	logText = "text"
	logJSON = "json"
)

// newLogger builds the master's logger: JSON, colours, or plain text. What it
// writes is kept in the book, too, without colours. Out keeps what attributes
// hold from a terminal: the handler with colours sends the control characters
// in them.
func newLogger(out io.Writer, format string, level slog.Level, color bool, book *logbook.Book) *slog.Logger {
	handler := newHandler(out, format, level)
	if color && format != logJSON {
		handler = tint.NewTextHandler(out, &tint.Options{Level: level, TimeFormat: time.TimeOnly})
	}
	keep := &keeper{book: book}
	text := visible.NewWriter(keep, func() visible.Colors { return visible.Drop })
	return slog.New(&keptHandler{Handler: handler, copy: newHandler(text, format, level), keeper: keep})
}

// newHandler writes a log without colours.
func newHandler(out io.Writer, format string, level slog.Level) slog.Handler {
	opts := &slog.HandlerOptions{Level: level}
	if format == logJSON {
		opts.ReplaceAttr = inSeconds
		return slog.NewJSONHandler(out, opts)
	}
	return slog.NewTextHandler(out, opts)
}

// inSeconds makes durations numbers of seconds: slog's nanoseconds have no
// unit to tell them by.
func inSeconds(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.Float64Value(a.Value.Duration().Seconds())
	}
	return a
}

// newOutput builds what prints the lines of workers, and keeps them in the
// book.
func newOutput(out io.Writer, format string, colors visible.Colors, book *logbook.Book) worker.Output {
	if format == logJSON {
		o := &jsonOutput{out: out, book: book}
		o.handler = slog.NewJSONHandler(&o.line, nil)
		return o
	}
	return &textOutput{out: out, colors: colors, book: book}
}

// textOutput prints "api.0[1234] | line": the group, the index, the pid. Of
// what a worker prints only its colours pass, where out shows them.
type textOutput struct {
	out    io.Writer
	colors visible.Colors
	book   *logbook.Book
	mu     sync.Mutex // guards buf, and keeps lines whole
	buf    []byte
}

func (t *textOutput) Line(src worker.Source, _ worker.Stream, text []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := append(t.buf[:0], src.Group...)
	b = append(b, '.')
	b = strconv.AppendInt(b, int64(src.Worker), 10)
	b = append(b, '[')
	b = strconv.AppendInt(b, int64(src.PID), 10)
	b = append(b, "] | "...)
	head := len(b)
	t.buf = append(visible.AppendLine(b, text, visible.Drop), '\n')
	t.book.Add(src.Group, t.buf)
	if t.colors == visible.Keep {
		t.buf = append(visible.AppendLine(t.buf[:head], text, visible.Keep), '\n')
	}
	_, _ = t.out.Write(t.buf) // a sink, which never fails
}

// jsonOutput makes a record of each line, whatever the log level is.
type jsonOutput struct {
	out  io.Writer
	book *logbook.Book

	mu      sync.Mutex   // guards line, which handler writes to
	line    bytes.Buffer // of one record
	handler slog.Handler
}

func (j *jsonOutput) Line(src worker.Source, stream worker.Stream, text []byte) {
	r := slog.NewRecord(time.Now(), slog.LevelInfo, "worker output", 0)
	r.AddAttrs(
		slog.String("group", src.Group), slog.Int("worker", src.Worker), slog.Int("pid", src.PID),
		slog.String("stream", string(stream)), slog.String("line", string(text)),
	)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.line.Reset()
	_ = j.handler.Handle(context.Background(), r) // writes to memory, which never fails
	line := []byte(visible.Text(j.line.String())) // is JSON still
	j.book.Add(src.Group, line)
	_, _ = j.out.Write(line) // a sink, which never fails
}
