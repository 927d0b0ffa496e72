package logwriter

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const patience = 30 * time.Second

// A file is an output in memory.
type file struct {
	io.Writer
	closed int
	err    error // of Close
}

func (f *file) Close() error {
	f.closed++
	return f.err
}

// started returns a running Writer to out.
func started(out *file, opts Options) *Writer[*file] {
	w := New[*file](opts)
	w.Use(out)
	w.Start()
	return w
}

func TestWriter_KeepsEverythingWholeAndInOrder(t *testing.T) {
	var text bytes.Buffer
	out := &file{Writer: &text}
	w := started(out, Options{Limit: 16 << 20, Grace: patience})
	var writers sync.WaitGroup
	for i := range 4 {
		writers.Go(func() {
			for n := range 5000 {
				fmt.Fprintf(w, "%d %d %s\n", i, n, strings.Repeat("x", 50))
			}
		})
	}
	writers.Wait()
	require.True(t, w.Close())
	assert.Equal(t, 1, out.closed)
	next := make([]int, 4)
	for line := range strings.Lines(text.String()) {
		var i, n int
		var rest string
		_, err := fmt.Sscan(line, &i, &n, &rest)
		require.NoError(t, err)
		require.Equal(t, next[i], n)
		require.Len(t, rest, 50)
		next[i]++
	}
	assert.Equal(t, []int{5000, 5000, 5000, 5000}, next)
}

// TestWriter_NeverBlocks: nobody reads, but no line waits. Every line is either
// written whole or counted as lost.
func TestWriter_NeverBlocks(t *testing.T) {
	r, pipe := io.Pipe() // blocks until somebody reads
	lost := 0
	const limit, lines = 16 << 20, 40
	w := started(&file{Writer: pipe}, Options{Limit: limit, Grace: patience, After: func(n int, _ error) { lost += n }})
	line := []byte(strings.Repeat("y", 1<<20-1) + "\n")
	for range lines {
		n, err := w.Write(line)
		require.NoError(t, err)
		require.Equal(t, len(line), n)
	}
	read := make(chan string)
	go func() {
		all, _ := io.ReadAll(r)
		read <- string(all)
	}()
	require.True(t, w.Close())
	require.NoError(t, pipe.Close())
	out := <-read
	kept := strings.Count(out, string(line))
	assert.Len(t, out, kept*len(line), "lines are whole")
	assert.GreaterOrEqual(t, kept, limit/len(line))
	assert.Positive(t, lost)
	assert.Equal(t, lines, kept+lost)
}

// TestWriter_Use: each line goes to the output of its time, and each output is
// closed once, after its last line.
func TestWriter_Use(t *testing.T) {
	w := New[*file](Options{Limit: 1 << 20, Grace: patience})
	_, _ = w.Write([]byte("before\n"))
	var texts [3]bytes.Buffer
	var outs [3]*file
	for i := range outs {
		outs[i] = &file{Writer: &texts[i]}
		w.Use(outs[i])
		assert.True(t, w.On())
		w.Append(func(buf []byte, out *file) []byte {
			assert.Same(t, outs[i], out)
			return fmt.Appendf(buf, "line %d\n", i)
		})
	}
	w.Off()
	assert.False(t, w.On())
	_, _ = w.Write([]byte("nowhere\n"))
	w.Start()
	require.True(t, w.Close())
	for i := range outs {
		assert.Equal(t, fmt.Sprintf("line %d\n", i), texts[i].String())
		assert.Equal(t, 1, outs[i].closed)
	}
	late := new(file)
	w.Use(late)
	_, _ = w.Write([]byte("too late\n"))
	assert.Equal(t, 1, late.closed, "it is taken over, and nobody writes to it")
}

// TestWriter_StuckAndReopened: while nobody reads, another output each time takes neither
// more memory nor more outputs than there are bounds for, and what is lost is counted.
func TestWriter_StuckAndReopened(t *testing.T) { synctest.Test(t, stuckAndReopened) }

func stuckAndReopened(t *testing.T) {
	r, pipe := io.Pipe()
	const limit, rounds = 1 << 20, 50
	var total atomic.Uint64
	w := started(&file{Writer: pipe}, Options{Limit: limit, Grace: patience, Lost: &total})
	line := []byte(strings.Repeat("y", limit/4-1) + "\n")
	_, _ = w.Write(line)
	synctest.Wait()
	outs := make([]*file, rounds)
	texts := make([]bytes.Buffer, rounds)
	for i := range outs {
		outs[i] = &file{Writer: &texts[i]}
		w.Use(outs[i])
		time.Sleep(stuckAfter)
		for range 8 {
			_, _ = w.Write(line)
		}
	}
	w.mu.Lock()
	assert.LessOrEqual(t, w.retired.open, maxRetired+1)
	waiting := len(w.buf)
	for _, old := range w.retired.waiting {
		waiting += len(old.lines)
	}
	w.mu.Unlock()
	assert.LessOrEqual(t, waiting, limit)
	closed := 0
	for _, out := range outs {
		closed += out.closed
	}
	assert.GreaterOrEqual(t, closed, rounds-maxRetired-1)
	go func() { _, _ = io.Copy(io.Discard, r) }()
	require.True(t, w.Close())
	require.NoError(t, pipe.Close())
	written := 1
	for i := range outs {
		assert.Equal(t, 1, outs[i].closed)
		written += strings.Count(texts[i].String(), "\n")
	}
	assert.EqualValues(t, 1+8*rounds, written+int(total.Load()))
}

// failing accepts n bytes and then fails.
type failing struct{ n int }

func (f failing) Write(p []byte) (int, error) { return min(f.n, len(p)), errors.New("disk full") }

func TestWriter_CountsWhatAnErrorLoses(t *testing.T) {
	var lost int
	var failed error
	var notClosed error
	w := New[*file](Options{
		Limit: 1 << 20, Grace: patience, After: func(n int, err error) { lost, failed = lost+n, err },
		NotClosed: func(err error) { notClosed = err },
	})
	w.Use(&file{Writer: failing{n: 5}, err: errors.New("quota")})
	_, _ = w.Write([]byte("one\ntwo\nthree\n"))
	w.Start()
	require.True(t, w.Close())
	assert.Equal(t, 2, lost, "one was written, two was cut")
	require.EqualError(t, failed, "disk full")
	require.EqualError(t, notClosed, "quota")
}

func TestWriter_CloseGivesUp(t *testing.T) {
	r, pipe := io.Pipe()
	w := started(&file{Writer: pipe}, Options{Limit: 1 << 20, Grace: time.Millisecond})
	_, _ = w.Write([]byte("line\n"))
	assert.False(t, w.Close(), "nobody reads")
	require.NoError(t, r.Close())
	<-w.done
}

func TestAppend_AllocatesNothing(t *testing.T) {
	w := New[*file](Options{Limit: 1 << 20})
	w.Use(&file{Writer: io.Discard})
	w.buf = make([]byte, 0, 1<<20)
	line := []byte("line\n")
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		w.Append(func(buf []byte, _ *file) []byte { return append(buf, line...) })
		_, _ = w.Write(line)
	}))
}

// TestWriter_UseLosesNothing: while one output replaces another, there is
// always an output.
func TestWriter_UseLosesNothing(t *testing.T) {
	const writers, each = 4, 20_000
	var texts []*bytes.Buffer
	next := func() *file {
		texts = append(texts, new(bytes.Buffer))
		return &file{Writer: texts[len(texts)-1]}
	}
	w := started(next(), Options{Limit: 16 << 20, Grace: patience})
	over := make(chan struct{})
	var busy sync.WaitGroup
	for range writers {
		busy.Go(func() {
			for range each {
				io.WriteString(w, "line\n")
			}
		})
	}
	go func() {
		busy.Wait()
		close(over)
	}()
	for done := false; !done; {
		select {
		case <-over:
			done = true
		default:
			w.Use(next())
		}
	}
	require.True(t, w.Close())
	lines := 0
	for _, text := range texts {
		lines += strings.Count(text.String(), "line\n")
	}
	assert.Equal(t, writers*each, lines)
}

// A disk takes so many bytes.
type disk struct {
	bytes.Buffer
	room int
}

var errFull = errors.New("full")

func (d *disk) Write(p []byte) (int, error) {
	n := min(len(p), d.room)
	d.room -= n
	d.Buffer.Write(p[:n])
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

// TestWriter_Torn: a disk that is full in the middle of a line gets the rest of it first
// once it takes more. All other lines are written whole, or are lost and counted.
func TestWriter_Torn(t *testing.T) {
	d, after := &disk{room: 10}, make(chan string)
	var total atomic.Uint64
	w := started(&file{Writer: d}, Options{Limit: 1 << 20, Grace: patience, Lost: &total,
		After: func(lost int, err error) { after <- fmt.Sprint(lost, " ", err) }})
	write := func(lines, want string) {
		t.Helper()
		_, _ = w.Write([]byte(lines))
		assert.Equal(t, want, <-after)
	}
	write("first\nsecond\nthird\n", "1 full")
	assert.Equal(t, "first\nseco", d.String())
	write("fourth\nfifth\n", "2 full")
	d.room = 2
	write("sixth\n", "1 full")
	d.room = 12
	write("seventh\n", "0 <nil>")
	assert.Equal(t, "first\nsecond\nseventh\n", d.String())
	write("eighth\n", "0 full") // torn until the end
	assert.EqualValues(t, 4, total.Load())
	go func() { assert.True(t, w.Close()) }()
	assert.Equal(t, "1 full", <-after)
	assert.EqualValues(t, 5, total.Load())
}

// TestWriter_Gather: lines that follow others wait for more, and the last ones do not.
func TestWriter_Gather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := new(writes)
		w := started(&file{Writer: out}, Options{Limit: 1 << 20, Grace: patience, Gather: time.Second})
		for _, lines := range []string{"a\n", "b\n", "c\n"} {
			_, _ = w.Write([]byte(lines))
			synctest.Wait()
		}
		assert.Equal(t, []string{"a\n"}, out.get())
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, []string{"a\n", "b\nc\n"}, out.get())
		_, _ = w.Write([]byte("d\n"))
		begun := time.Now()
		require.True(t, w.Close())
		assert.Zero(t, time.Since(begun))
		assert.Equal(t, []string{"a\n", "b\nc\n", "d\n"}, out.get())
	})
}

// writes keeps what each Write has written.
type writes struct {
	mu  sync.Mutex
	all []string
}

func (w *writes) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, string(p))
	return len(p), nil
}

func (w *writes) get() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.all)
}
