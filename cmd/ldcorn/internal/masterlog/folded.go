package masterlog

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/worker"
)

// A Folded writes the lines of a log in the text format, such as those of a Book,
// for a person, as a Log does on a terminal: records are short lines, changes of state
// and Uvicorn's own lines are left out, and of workers that start, it shows each
// traceback once and folded. Other lines stay as they are.
type Folded struct {
	out      *lockedWriter
	failures *failures
	records  *terminalHandler // writes to record
	record   bytes.Buffer
	when     atomic.Pointer[time.Time] // of the line that is being read, or of the last one
	starting map[int]worker.Source     // workers that are known to start, by pid
	rest     []byte                    // an unfinished line
}

// NewFolded returns a Folded that writes to out, with colors if colored is set. Width is
// that of Options. The caller must call Close.
func NewFolded(out io.Writer, colored bool, width func() int) *Folded {
	locked := &lockedWriter{out: out}
	f := &Folded{out: locked, starting: make(map[int]worker.Source)}
	shown := &Log{opts: Options{Colored: colored, Width: width}}
	f.at(time.Now())
	shown.Serving() // a log tells of every start
	f.records = shown.newTerminalHandler(&f.record)
	f.failures = newFailures(locked, colored, func(group string) string { return "ldcorn logs " + group + " -v shows all" })
	f.failures.prefix = f.prefix
	return f
}

// prefix returns what a line begins with: the time, with its day if that is not today,
// and the worker, if it is of one.
func (f *Folded) prefix(src worker.Source) string {
	b := f.time(nil)
	if src.Group != "" {
		b = appendSource(b, src, false)
	}
	return string(b)
}

// at sets the time of the line that is being read.
func (f *Folded) at(when time.Time) { f.when.Store(&when) }

// time appends the time of the line that is being read.
func (f *Folded) time(b []byte) []byte {
	b = f.day(b)
	return append(f.when.Load().AppendFormat(b, time.TimeOnly), ' ')
}

// day appends the day of the line that is being read, if that is not today.
func (f *Folded) day(b []byte) []byte {
	if day := f.when.Load().Format(time.DateOnly); day != time.Now().Format(time.DateOnly) {
		b = append(b, f.records.in(dim, day)+" "...)
	}
	return b
}

// Lines of a log in the text format: those of workers, the records of their
// states, and the records of what starts workers and of failures.
var (
	workerLine  = regexp.MustCompile(`^time=(\S+) ([A-Za-z0-9_-]+)\.(\d+)\[(\d+)\] \| (.*)$`)
	stateRecord = regexp.MustCompile(`^time=\S+ level=INFO msg="worker state changed" group=(\S+) worker=(\d+) pid=(\d+) state=(\w+) `)
	beginRecord = regexp.MustCompile(`^time=\S+ level=INFO msg="(?:` + reloadStarted + `|` + startedAgain + `|` + commandReceived + `)"`)
	badRecord   = regexp.MustCompile(`^time=\S+ (?:level=(?:WARN|ERROR) |level=INFO msg=stopping )`)
)

// Write implements io.Writer.
func (f *Folded) Write(text []byte) (int, error) {
	f.rest = append(f.rest, text...)
	for {
		line, rest, whole := bytes.Cut(f.rest, []byte("\n"))
		if !whole {
			break
		}
		f.line(line)
		f.rest = rest
	}
	if len(f.rest) > maxBuffer { // no master writes such a line
		_, _ = f.out.Write(f.rest)
		f.rest = nil
	}
	f.rest = append([]byte(nil), f.rest...) // so that what is written is freed
	return len(text), f.out.failed()
}

// line writes a line.
func (f *Folded) line(line []byte) {
	if m := workerLine.FindSubmatch(line); m != nil {
		f.workerLine(string(m[1]), worker.Source{Group: string(m[2]), Worker: number(m[3]), PID: number(m[4])}, m[5])
		return
	} else if m := stateRecord.FindSubmatch(line); m != nil {
		src := worker.Source{Group: string(m[1]), Worker: number(m[2]), PID: number(m[3])}
		switch string(m[4]) {
		case "starting":
			f.starting[src.PID] = src
		default:
			f.failures.End(src)
			delete(f.starting, src.PID)
		}
	} else if beginRecord.Match(line) {
		f.failures.Begin()
	} else if badRecord.Match(line) && !bytes.Contains(line, []byte(startRetried)) {
		f.failures.Tell()
	}
	if r, ok := parseRecord(string(line)); ok {
		f.showRecord(r)
		return
	}
	_, _ = f.out.Write(append(line, '\n')) // Write returns the error
}

// workerLine writes a line of a worker.
func (f *Folded) workerLine(when string, src worker.Source, text []byte) {
	if at, err := time.Parse(time.RFC3339, when); err == nil {
		f.at(at.Local())
	}
	starting, known := f.starting[src.PID]
	switch {
	case known && starting.Group == src.Group && f.failures.Line(src, worker.Stderr, text):
	case worker.IsRoutine(text):
	default:
		_, _ = f.out.Write(append(append([]byte(f.prefix(src)), text...), '\n')) // Write returns the error
	}
}

// showRecord writes a record, with its day if that is not today.
func (f *Folded) showRecord(r slog.Record) {
	f.record.Reset()
	f.at(r.Time)
	f.record.Write(f.day(nil))
	_ = f.records.Handle(context.Background(), r) // memory never fails
	_, _ = f.out.Write(f.record.Bytes())          // Write returns the error
}

// number returns the value of digits, or 0 if it is too large.
func number(digits []byte) int {
	n, _ := strconv.Atoi(string(digits))
	return n
}

// Close writes what has been held back.
func (f *Folded) Close() error {
	f.failures.Close()
	if len(f.rest) > 0 {
		_, _ = f.out.Write(f.rest)
	}
	return f.out.failed()
}

// A lockedWriter is safe for concurrent use, and remembers its first error.
type lockedWriter struct {
	mu  sync.Mutex // guards all below
	out io.Writer
	err error
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		_, w.err = w.out.Write(p)
	}
	return len(p), w.err
}

func (w *lockedWriter) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}
