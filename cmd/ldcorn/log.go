package main

import (
	"context"
	"io"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/lmittmann/tint"

	"github.com/ldcorn/ldcorn/engine/worker"
)

// The values of --log-format.
const (
	logText = "text"
	logJSON = "json"
)

// newLogger builds the master's logger: JSON, colours, or plain text.
func newLogger(out io.Writer, format string, level slog.Level, color bool) *slog.Logger {
	opts := &slog.HandlerOptions{Level: level}
	switch {
	case format == logJSON:
		opts.ReplaceAttr = inSeconds
		return slog.New(slog.NewJSONHandler(out, opts))
	case color:
		return slog.New(tint.NewTextHandler(out, &tint.Options{Level: level, TimeFormat: time.TimeOnly}))
	}
	return slog.New(slog.NewTextHandler(out, opts))
}

// inSeconds makes durations numbers of seconds: slog's nanoseconds have no
// unit to tell them by.
func inSeconds(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.Float64Value(a.Value.Duration().Seconds())
	}
	return a
}

// newOutput builds what prints the lines of workers.
func newOutput(out io.Writer, format string) worker.Output {
	if format == logJSON {
		return jsonOutput{slog.NewJSONHandler(out, nil)}
	}
	return &textOutput{out: out}
}

// textOutput prints "api.0[1234] | line": the group, the index, the pid.
type textOutput struct {
	out io.Writer
	mu  sync.Mutex // guards buf, and keeps lines whole
	buf []byte
}

func (t *textOutput) Line(src worker.Source, _ worker.Stream, text []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := append(t.buf[:0], src.Pool...)
	b = append(b, '.')
	b = strconv.AppendInt(b, int64(src.Worker), 10)
	b = append(b, '[')
	b = strconv.AppendInt(b, int64(src.PID), 10)
	b = append(b, "] | "...)
	b = append(b, text...)
	t.buf = append(b, '\n')
	_, _ = t.out.Write(t.buf) // a sink, which never fails
}

// jsonOutput makes a record of each line, whatever the log level is.
type jsonOutput struct{ handler slog.Handler }

func (j jsonOutput) Line(src worker.Source, stream worker.Stream, text []byte) {
	r := slog.NewRecord(time.Now(), slog.LevelInfo, "worker output", 0)
	r.AddAttrs(
		slog.String("pool", src.Pool), slog.Int("worker", src.Worker), slog.Int("pid", src.PID),
		slog.String("stream", string(stream)), slog.String("line", string(text)),
	)
	_ = j.handler.Handle(context.Background(), r) // writes to a sink, which never fails
}
