package masterlog

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/logbook"
	"github.com/ldcorn/ldcorn/engine/visible"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// Output returns the output for the workers, independent of the level of the
// log.
func (l *Log) Output() worker.Output {
	if l.opts.Format == JSON {
		return &jsonOutput{l.newJSONLines()}
	}
	out := &textOutput{out: l.out, colors: visible.KeepIf(l.opts.Colored), book: &l.book}
	if l.isTerminal() {
		out.terminal, out.verbose, out.failures = true, l.opts.Verbose, l.failures
	}
	return out
}

// A textOutput writes "api.0[1234] | line": the group, the seat and the pid
// before the line. Of a worker's control sequences, it passes only colors, and
// only if the reader shows them. On a terminal, the line has a time, and a pid
// if it is verbose: "16:18:31 api.0 | line". Unless it is verbose, failures
// decides what is shown of a starting worker. The book has every line, with its time
// in front.
type textOutput struct {
	out               io.Writer
	colors            visible.Colors
	book              *logbook.Book
	terminal, verbose bool
	failures          *failures  // shows what starting workers write; nil if that is shown as it is
	mu                sync.Mutex // guards buf, and keeps lines whole
	buf               []byte
}

// Line implements worker.Output.
func (t *textOutput) Line(src worker.Source, stream worker.Stream, text []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	b := append(now.AppendFormat(append(t.buf[:0], keptTime...), keptFormat), ' ')
	begin := len(b)
	b = appendSource(b, src, true)
	head := len(b)
	t.buf = append(visible.AppendLine(b, text, visible.Drop), '\n')
	t.book.Add(src.Group, t.buf)
	shown := t.buf[begin:]
	switch {
	case t.terminal && !t.verbose && worker.IsRoutine(t.buf[head:]):
		return
	case t.failures != nil && t.failures.Line(src, stream, text):
		return
	case t.terminal:
		b = append(now.AppendFormat(t.buf[:0], time.TimeOnly), ' ')
		b = appendSource(b, src, t.verbose)
		t.buf = append(visible.AppendLine(b, text, t.colors), '\n')
		shown = t.buf
	case t.colors == visible.Keep:
		t.buf = append(visible.AppendLine(t.buf[:head], text, visible.Keep), '\n')
		shown = t.buf[begin:]
	}
	_, _ = t.out.Write(shown) // never fails
}

// The time in front of a worker's line in the book, as slog writes that of a record.
const (
	keptTime   = slog.TimeKey + "="
	keptFormat = "2006-01-02T15:04:05.000Z07:00"
)

// End implements worker.Output.
func (t *textOutput) End(src worker.Source) {
	if t.failures != nil {
		t.failures.End(src)
	}
}

// appendSource appends "api.0[1234] | ", or the same without the pid. A command has its
// argument of LdConfig in place of the index: "api.before_start[1234] | ".
func appendSource(b []byte, src worker.Source, pid bool) []byte {
	b = append(append(b, src.Group...), '.')
	if src.Command != "" {
		b = append(b, src.Command...)
	} else {
		b = strconv.AppendInt(b, int64(src.Worker), 10)
	}
	if pid {
		b = append(strconv.AppendInt(append(b, '['), int64(src.PID), 10), ']')
	}
	return append(b, " | "...)
}

// A jsonOutput writes a record for each line.
type jsonOutput struct{ lines *jsonLines }

// Line implements worker.Output.
func (j *jsonOutput) Line(src worker.Source, stream worker.Stream, text []byte) {
	msg, from := "worker output", slog.Int("worker", src.Worker)
	if src.Command != "" {
		msg, from = "command output", slog.String("command", src.Command)
	}
	j.lines.write(src.Group, msg,
		slog.String("group", src.Group), from, slog.Int("pid", src.PID),
		slog.String("stream", string(stream)), slog.String("line", string(text)))
}

// End implements worker.Output.
func (j *jsonOutput) End(worker.Source) {}

// A jsonText writes a record for each line of text that has no source.
type jsonText struct{ lines *jsonLines }

// Write implements io.Writer. An unfinished line counts as a line.
func (j *jsonText) Write(text []byte) (int, error) {
	for line := range bytes.Lines(text) {
		j.lines.write("", "configuration output", slog.String("line", string(bytes.TrimSuffix(line, []byte("\n")))))
	}
	return len(text), nil
}

// jsonLines writes records about output that is not the master's own,
// independent of the level of the log.
type jsonLines struct {
	out  io.Writer
	book *logbook.Book

	mu      sync.Mutex   // guards line, which handler writes to
	line    bytes.Buffer // one record
	handler slog.Handler
}

func (l *Log) newJSONLines() *jsonLines {
	j := &jsonLines{out: l.out, book: &l.book}
	j.handler = slog.NewJSONHandler(&j.line, nil)
	return j
}

// write writes a record, and keeps it under a group.
func (j *jsonLines) write(group, msg string, attrs ...slog.Attr) {
	r := slog.NewRecord(time.Now(), slog.LevelInfo, msg, 0)
	r.AddAttrs(attrs...)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.line.Reset()
	_ = j.handler.Handle(context.Background(), r) // cannot fail: it writes to memory
	line := []byte(visible.Text(j.line.String())) // still JSON
	j.book.Add(group, line)
	_, _ = j.out.Write(line) // never fails
}
