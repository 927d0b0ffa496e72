package worker

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/ldcorn/ldcorn/engine/traceback"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// maxLine is the length at which a line of output is split.
const maxLine = 64 << 10 // bytes

// A Source identifies the worker or the command that wrote a line.
type Source struct {
	Group   string
	Worker  int
	Command string // the argument of LdConfig that has the command, "" for a worker
	PID     int
	Ready   bool // the worker had become ready when it wrote the line; true for a command
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
// call. A Line that blocks also blocks the worker. End is called once for each
// worker that has exited, after its last line.
type Output interface {
	Line(src Source, stream Stream, text []byte)
	End(src Source)
}

// readLines calls emit for every line until r ends. It splits lines longer than
// maxLine: more says that a part continues the one before. emit must not keep the slice.
func readLines(r io.Reader, emit func(line []byte, more bool)) {
	in := bufio.NewReaderSize(r, maxLine)
	for more := false; ; {
		line, err := in.ReadSlice('\n')
		if text := bytes.TrimRight(line, "\r\n"); len(text) > 0 || len(line) > 0 && !more {
			emit(text, more)
		}
		if more = errors.Is(err, bufio.ErrBufferFull); err != nil && !more {
			return
		}
	}
}

// These constants limit how much of stderr is kept for errors.
const (
	tailLines = 30
	tailWidth = 512 // bytes of one line
)

// A tail keeps the last lines that were added to it, except for those that
// every Uvicorn writes. A traceback is folded, so that the frames of the app are
// among the lines that are kept.
type tail struct {
	mu      sync.Mutex // guards all fields below
	lines   [tailLines]string
	next    int // lines added so far
	folder  traceback.Folder
	started bool // the app's startup is complete
}

// add adds a line, or the first part of a long one, which is kept as its beginning.
func (t *tail) add(line []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	done, held := t.folder.Add(line)
	t.keepAll(done)
	switch {
	case held:
	case isRoutine(line):
		t.started = t.started || string(line) == startupComplete
	case len(line) > tailWidth:
		t.keep(visible.Cut(string(line[:tailWidth+1]), tailWidth))
	default:
		t.keep(string(line))
	}
}

// keepAll keeps a traceback, unless it is nil.
func (t *tail) keepAll(done *traceback.Traceback) {
	if done != nil {
		for _, line := range done.Lines {
			t.keep(line)
		}
	}
}

func (t *tail) keep(line string) {
	t.lines[t.next%tailLines] = line
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
	if begun := t.folder.Peek(); begun != nil {
		out = append(out, begun.Lines...)
	}
	return out[max(len(out)-tailLines, 0):]
}
