package worker

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"sync"
)

// maxLine is the length at which a line of output is split.
const maxLine = 64 << 10 // bytes

// A Source identifies the worker that wrote a line.
type Source struct {
	Group  string
	Worker int
	PID    int
}

// A Stream is stdout or stderr.
type Stream string

// The streams.
const (
	Stdout Stream = "stdout"
	Stderr Stream = "stderr"
)

// An Output receives what workers print, one line per call, without the line
// ending. Line is called from many goroutines; text is only valid during the
// call. A Line that blocks also blocks the worker.
type Output interface {
	Line(src Source, stream Stream, text []byte)
}

// readLines calls emit for every line until r ends. It splits lines longer than
// maxLine. emit must not keep the slice.
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

// These constants limit how much of stderr is kept for errors. A Python
// traceback through a framework's startup has some thirty lines, of which the
// last ones matter most.
const (
	tailLines = 30
	tailWidth = 512 // bytes of one line
)

// A tail keeps the last lines that were added to it, except for those that
// every Uvicorn writes.
type tail struct {
	mu      sync.Mutex // guards all fields below
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
