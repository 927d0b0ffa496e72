package worker

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"sync"
)

// maxLine is where a longer line of output is split.
const maxLine = 64 << 10 // bytes

// A Source says which worker a line comes from.
type Source struct {
	Group  string
	Worker int
	PID    int
}

// Stream is stdout or stderr.
type Stream string

// The streams.
const (
	Stdout Stream = "stdout"
	Stderr Stream = "stderr"
)

// An Output takes what workers print, one line per call, without its line
// end. Calls come from many goroutines; text is only valid during the call. A
// Line that blocks blocks the worker.
type Output interface {
	Line(src Source, stream Stream, text []byte)
}

// readLines calls emit for every line until r ends. A line past maxLine
// comes in pieces. The slice is reused.
func readLines(r io.Reader, emit func([]byte)) {
	in := bufio.NewReaderSize(r, maxLine)
	for {
		line, err := in.ReadSlice('\n')
		if len(line) > 0 {
			emit(bytes.TrimRight(line, "\r\n"))
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

// How much of stderr is kept for errors. A Python traceback through a
// framework's startup has some thirty lines, the last ones matter most.
const (
	tailLines = 30
	tailWidth = 512 // bytes of one line
)

// A tail keeps the last lines that were added to it, but for those that every
// Uvicorn writes.
type tail struct {
	mu      sync.Mutex // guards what follows
	lines   [tailLines]string
	next    int  // lines added so far
	started bool // the app's startup is complete
}

func (t *tail) add(line []byte) {
	if isRoutine(line) {
		if string(line) == startupComplete {
			t.mu.Lock()
			t.started = true
			t.mu.Unlock()
		}
		return
	}
	if len(line) > tailWidth {
		line = append(line[:tailWidth:tailWidth], "…"...)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines[t.next%tailLines] = string(line)
	t.next++
}

// last returns the kept lines, oldest first.
func (t *tail) last() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := min(t.next, tailLines)
	out := make([]string, 0, n)
	for i := t.next - n; i < t.next; i++ {
		if line := t.lines[i%tailLines]; !t.started || line != startupBegun {
			out = append(out, line)
		}
	}
	return out
}
