package logwriter

import (
	"bytes"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Options configure a Writer. The functions are optional.
type Options struct {
	// Limit bounds the number of bytes that wait to be written, those for retired
	// outputs included. The last line may exceed it.
	Limit int
	// Grace is how long Close waits for the remaining lines to be written.
	Grace time.Duration
	// Gather is how long lines that follow others wait for more, so that a busy log takes
	// few writes. A line after a pause, and the last ones, are written at once.
	Gather time.Duration
	// After is called after each attempt to write, with the number of lines
	// lost since the previous call, and the error of the attempt. It runs on
	// the Writer's goroutine, so it can write to the output itself.
	After func(lost int, err error)
	// Lost, unless it is nil, counts each line at the moment when it is lost, also while
	// an attempt to write does not end.
	Lost *atomic.Uint64
	// NotClosed is called in the same way if an output cannot be closed.
	NotClosed func(err error)
}

// A Writer writes lines to one output at a time, whole and in order. Its
// methods are safe to call from any goroutine.
type Writer[O io.WriteCloser] struct {
	opts   Options
	filled chan struct{} // has capacity 1; a value means that there is work
	stop   chan struct{} // closed to make run write the rest and return
	done   chan struct{} // closed when run returns

	torn []byte // what is left of a line whose beginning was written; run's goroutine owns it

	on atomic.Bool // whether there is an output; without one, Append takes no lock

	mu      sync.Mutex // guards all fields below
	out     O          // valid if on is set
	retired retirement[O]
	held    bool // whether run may be writing to out
	buf     []byte
	lost    int // lines since the last call of After
	closed  bool
}

// New returns a Writer without an output. It writes nothing before Start.
func New[O io.WriteCloser](opts Options) *Writer[O] {
	return &Writer[O]{
		opts: opts, filled: make(chan struct{}, 1),
		stop: make(chan struct{}), done: make(chan struct{}),
	}
}

// Start starts the goroutine that writes. Close waits for it.
func (w *Writer[O]) Start() { go w.run() }

// On reports whether lines have an output. It takes no lock.
func (w *Writer[O]) On() bool { return w.on.Load() }

// Append calls line to append one line, including its ending, to a buffer. out
// is the output that will get the line. line runs under a lock, so it must not
// block. It is not called if there is no output, or if too much is waiting:
// then the line is lost. Append reports whether there is an output.
func (w *Writer[O]) Append(line func(buf []byte, out O) []byte) bool {
	return w.AppendWithin(w.opts.Limit, line)
}

// AppendWithin is like Append for lines that matter less than others: they have
// a limit of their own.
func (w *Writer[O]) AppendWithin(limit int, line func(buf []byte, out O) []byte) bool {
	if !w.on.Load() {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case !w.on.Load(): // turned off in the meantime
		return false
	case w.retired.kept+len(w.buf) >= limit:
		w.lost++
		w.count(1)
	default:
		w.buf = line(w.buf, w.out)
		w.wake()
	}
	return true
}

// count counts lines that are lost.
func (w *Writer[O]) count(lines int) {
	if w.opts.Lost != nil {
		w.opts.Lost.Add(uint64(lines))
	}
}

// Write keeps a copy of p, which must consist of whole lines. It never fails:
// lines for which there is no room are lost.
func (w *Writer[O]) Write(p []byte) (int, error) {
	w.Append(func(buf []byte, _ O) []byte { return append(buf, p...) })
	return len(p), nil
}

// Use makes out the output of all later lines. The Writer owns out and closes
// it after its last line. Earlier lines go to the previous output.
func (w *Writer[O]) Use(out O) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		_ = out.Close() // nothing was written to it
		return
	}
	w.retire() // leaves on set: a concurrent line waits for the lock
	w.out = out
	w.on.Store(true)
}

// Off removes the output: later lines are dropped, and do not count as lost.
func (w *Writer[O]) Off() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.retire()
	w.on.Store(false)
}

// retire retires the output, if there is one. mu must be held.
func (w *Writer[O]) retire() {
	if !w.on.Load() {
		return
	}
	out, lines := w.out, w.buf
	var none O
	w.out, w.buf = none, nil
	held := w.held
	w.held = false
	if w.retired.stuck() && !held && !w.closed {
		w.abandon(out, lines)
		return
	}
	w.retired.add(out, lines)
	w.wake()
}

// abandon closes an output whose lines nobody can write in time, and to which run does not
// write. mu must be held.
func (w *Writer[O]) abandon(out O, lines []byte) {
	n := bytes.Count(lines, newline)
	w.lost += n
	w.count(n)
	w.wake()
	_ = out.Close()
}

// wake notifies the goroutine that there is work.
func (w *Writer[O]) wake() {
	select {
	case w.filled <- struct{}{}:
	default: // it has been notified already
	}
}

// Close writes the lines that wait, closes the output and reports whether that
// was done within Grace. If not, the goroutine remains blocked in its write.
// Close must be called once, after Start.
func (w *Writer[O]) Close() bool {
	w.mu.Lock()
	w.closed = true
	w.retire()
	w.on.Store(false)
	w.mu.Unlock()
	close(w.stop)
	grace := time.NewTimer(w.opts.Grace)
	defer grace.Stop()
	select {
	case <-w.done:
		return true
	case <-grace.C:
		return false
	}
}

func (w *Writer[O]) run() {
	defer close(w.done)
	var spare []byte
	for {
		select {
		case <-w.filled:
			spare = w.flush(spare)
		case <-w.stop:
			w.flush(spare)
			return
		}
		w.gather()
	}
}

// gather waits for more lines, unless the Writer is being closed.
func (w *Writer[O]) gather() {
	if w.opts.Gather <= 0 {
		return
	}
	wait := time.NewTimer(w.opts.Gather)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-w.stop:
	}
}

// flush writes all lines that wait, those of retired outputs first. In the
// meantime, new lines go to spare. It returns the next spare.
func (w *Writer[O]) flush(spare []byte) []byte {
	w.mu.Lock()
	old, out, on, lines, lost := w.retired.take(), w.out, w.on.Load(), w.buf, w.lost
	w.buf, w.lost, w.held = spare[:0], 0, on
	w.mu.Unlock()
	tried := lost > 0 || len(w.torn) > 0
	var err error
	write := func(out O, lines []byte) {
		if len(lines)+len(w.torn) == 0 {
			return
		}
		tried = true
		n, failed := w.write(out, lines)
		if failed != nil {
			err = failed
			lost += n
			w.count(n)
		}
	}
	for _, r := range old {
		write(r.out, r.lines)
		w.mu.Lock()
		w.retired.move()
		w.mu.Unlock()
		if len(w.torn) > 0 { // nobody will write the rest of the line
			w.torn = nil
			lost++
			w.count(1)
		}
	}
	if on {
		write(out, lines)
	}
	w.mu.Lock()
	w.held = false
	w.mu.Unlock()
	if tried && w.opts.After != nil {
		w.opts.After(lost, err)
	}
	for _, r := range old {
		if err := r.out.Close(); err != nil && w.opts.NotClosed != nil {
			w.opts.NotClosed(err)
		}
		w.mu.Lock()
		w.retired.remove(r)
		w.mu.Unlock()
	}
	if cap(lines) > w.opts.Limit/8 {
		return nil
	}
	return lines[:0]
}

// write writes lines to an output, after the rest of a line that is torn. If that fails, it
// returns how many lines are lost. A line of which only the beginning was written is not: it
// becomes the torn one, and its rest comes before the next lines.
func (w *Writer[O]) write(out O, lines []byte) (lost int, err error) {
	if len(w.torn) > 0 {
		n, err := out.Write(w.torn)
		w.torn = w.torn[min(n, len(w.torn)):]
		if lost = bytes.Count(lines, newline); err != nil && len(w.torn) == 0 {
			lost++ // who knows what was written
		}
		if err != nil {
			return lost, err
		}
	}
	if len(lines) == 0 {
		return 0, nil
	}
	n, err := out.Write(lines)
	if err == nil {
		return 0, nil
	}
	n = min(n, len(lines))
	left := lines[n:]
	if n > 0 && lines[n-1] != '\n' {
		line, after, _ := bytes.Cut(left, newline)
		w.torn, left = append(bytes.Clone(line), '\n'), after
	}
	return bytes.Count(left, newline), err
}

var newline = []byte("\n")
