package masterlog

import (
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/traceback"
	"github.com/ldcorn/ldcorn/engine/visible"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// How long failures waits for more of a traceback, and for more workers with the
// same one. The exit of a worker ends the wait for its traceback.
const (
	lookEvery = time.Second
	patience  = 2 * lookEvery
	// framePatience is for a traceback without its exception, which comes soon
	// unless the machine is very busy.
	framePatience = 10 * lookEvery
)

// maxReports bounds how many different errors are remembered.
const maxReports = 64

// failures shows what starting workers write to a person: each traceback and
// each error of Uvicorn once, tracebacks folded, and how many other workers have
// written the same. Its methods are safe for concurrent use.
type failures struct {
	out     io.Writer
	colored bool
	seeAll  func(group string) string      // says how to see what is folded
	prefix  func(src worker.Source) string // of a line of a worker; of the zero Source, that of any other line

	mu      sync.Mutex // guards all below
	open    map[stream]*opened
	reports map[traceback.Key]*report
	order   []*report // of reports
	retries map[string]bool
	counted map[int]bool // pids of workers with an error that others have had
	timer   *time.Timer  // nil unless something waits
	closed  bool
}

// A stream is one of the streams of a worker.
type stream struct {
	pid int
	of  worker.Stream
}

// An opened is a stream of a worker that is starting.
type opened struct {
	src    worker.Source
	folder traceback.Folder
	latest time.Time // when the last line came that the folder holds
	quiet  bool      // the last line was not shown, because it says nothing
}

// A report is an error that some workers have in common.
type report struct {
	text    string // in short
	workers map[seat]bool
	untold  int // how many of them the log does not mention yet
	latest  time.Time
}

// A seat is the place of a worker in its group.
type seat struct {
	group string
	index int
}

func newFailures(out io.Writer, colored bool, seeAll func(string) string) *failures {
	f := &failures{out: out, colored: colored, seeAll: seeAll, prefix: timed, open: make(map[stream]*opened)}
	f.forget()
	return f
}

// timed returns what a line on the terminal of a master begins with.
func timed(src worker.Source) string {
	b := append(time.Now().AppendFormat(nil, time.TimeOnly), ' ')
	if src.Group != "" {
		b = appendSource(b, src, false)
	}
	return string(b)
}

// forget makes every error news again.
func (f *failures) forget() {
	f.reports, f.order, f.retries = make(map[traceback.Key]*report), nil, make(map[string]bool)
	f.counted = make(map[int]bool)
}

// Begin is called when workers start for a new reason: an error that was shown
// before is shown again.
func (f *failures) Begin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tell()
	f.forget()
}

// Line takes a line of a worker. It returns false for one that is to be shown as
// any other.
func (f *failures) Line(src worker.Source, of worker.Stream, text []byte) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := stream{src.PID, of}
	o := f.open[at]
	if src.Ready {
		if o != nil {
			f.end(at)
		}
		return false
	}
	if o == nil {
		o = &opened{src: src}
		f.open[at] = o
	}
	done, held := o.folder.Add(text)
	f.show(src, done)
	if held {
		o.latest = time.Now()
		f.wait()
		return true
	}
	line := string(visible.AppendLine(nil, text, visible.Drop))
	o.quiet = worker.IsEmptyNews(line) || o.quiet && strings.TrimSpace(line) == ""
	switch {
	case o.quiet:
		return true
	case strings.HasPrefix(line, "ERROR:    "), strings.HasPrefix(line, "Error: "):
		if f.isNews(src, sha256.Sum256([]byte(line)), line) {
			f.write(src, []string{line}, line)
		}
		return true
	}
	return false
}

// End is called when a worker has exited.
func (f *failures) End(src worker.Source) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, of := range []worker.Stream{worker.Stdout, worker.Stderr} {
		if at := (stream{src.PID, of}); f.open[at] != nil {
			f.end(at)
		}
	}
}

// end shows the traceback that a stream ends with.
func (f *failures) end(at stream) {
	o := f.open[at]
	delete(f.open, at)
	f.show(o.src, o.folder.End())
}

// show shows a traceback, unless it is nil or known.
func (f *failures) show(src worker.Source, t *traceback.Traceback) {
	if t != nil && f.isNews(src, t.Key(), t.Error) {
		f.write(src, t.With(f.seeAll(src.Group)), t.Error)
	}
}

// isNews reports whether nobody has written an error before, and counts the worker,
// once if it writes several that are known.
func (f *failures) isNews(src worker.Source, key traceback.Key, text string) bool {
	by := seat{src.Group, src.Worker}
	r := f.reports[key]
	if r == nil {
		if len(f.order) == maxReports {
			f.tell()
			f.forget()
		}
		r = &report{text: text, workers: map[seat]bool{by: true}}
		f.reports[key] = r
		f.order = append(f.order, r)
		return true
	}
	if !r.workers[by] {
		r.workers[by] = true
		if f.counted[src.PID] {
			return false
		}
		f.counted[src.PID] = true
		r.untold++
		r.latest = time.Now()
		f.wait()
	}
	return false
}

// IsRetryNews reports whether no start of a group has failed for the same reason
// before.
func (f *failures) IsRetryNews(group, reason string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := group + "\x00" + reason
	if f.retries[key] {
		return false
	}
	if len(f.retries) == maxReports {
		clear(f.retries)
	}
	f.retries[key] = true
	return true
}

// Tell shows how many workers have written the same, before something else is
// said about it.
func (f *failures) Tell() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tell()
}

func (f *failures) tell() {
	for _, r := range f.order {
		f.tellOf(r)
	}
}

func (f *failures) tellOf(r *report) {
	if r.untold == 0 {
		return
	}
	what := "more workers"
	if r.untold == 1 {
		what = "more worker"
	}
	line := fmt.Sprintf("%s%d %s failed with the same error", f.prefix(worker.Source{}), r.untold, what)
	if len(f.order) > 1 && r.text != "" {
		line += ": " + visible.Cut(r.text, maxShort)
	}
	r.untold = 0
	_, _ = io.WriteString(f.out, line+"\n") // never fails
}

// maxShort is how much of an error a count of workers repeats.
const maxShort = 100 // bytes

// write writes lines of a worker. The one that is the error stands out.
func (f *failures) write(src worker.Source, lines []string, exception string) {
	var b []byte
	for _, line := range lines {
		b = append(b, f.prefix(src)...)
		if f.colored && line == exception {
			line = red + line + reset
		}
		b = append(append(b, line...), '\n')
	}
	_, _ = f.out.Write(b) // never fails
}

// wait makes sure that what is held is shown some time.
func (f *failures) wait() {
	if f.timer == nil && !f.closed {
		f.timer = time.AfterFunc(lookEvery, f.look)
	}
}

// look shows what has waited long enough.
func (f *failures) look() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.timer = nil
	waits, now := false, time.Now()
	for _, o := range f.open {
		if !o.folder.Holds() {
			continue
		}
		limit := framePatience
		if o.folder.HoldsError() {
			limit = patience
		}
		if now.Sub(o.latest) >= limit {
			f.show(o.src, o.folder.End())
		} else {
			waits = true
		}
	}
	for _, r := range f.order {
		if r.untold > 0 && now.Sub(r.latest) >= patience {
			f.tellOf(r)
		}
		waits = waits || r.untold > 0
	}
	if waits {
		f.wait()
	}
}

// Close shows what is held, and ends the wait.
func (f *failures) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for at := range f.open {
		f.end(at)
	}
	f.tell()
	f.closed = true
	if f.timer != nil {
		f.timer.Stop()
	}
}
