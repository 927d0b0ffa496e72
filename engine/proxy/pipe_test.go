package proxy

import (
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/buffer"
	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A pipeTask is the task of a goroutine that uses a pipe.
type pipeTask struct {
	netloop.Task
	woken chan struct{}
	cut   chan struct{} // closed when the task is interrupted
}

func newPipeTask() *pipeTask {
	return &pipeTask{woken: make(chan struct{}, 1), cut: make(chan struct{})}
}

func (t *pipeTask) Wake() {
	select {
	case t.woken <- struct{}{}:
	default:
	}
}

// Park waits without a limit, but ends at once if there is one: then the pipe has
// no patience.
func (t *pipeTask) Park(until netloop.Time) error {
	if until != 0 {
		return netloop.ErrTimeout
	}
	select {
	case <-t.woken:
		return nil
	case <-t.cut:
		return netloop.ErrEnough
	}
}

// openPipe returns an open pipe, which keeps bytes in memory.
func openPipe(t *testing.T, size int64) *pipe {
	t.Helper()
	px, err := New(Options{Log: slog.New(slog.DiscardHandler), Driver: "goroutine"})
	require.NoError(t, err)
	px.buffers.Configure(buffer.Limits{Memory: 1 << 20})
	q := new(pipe)
	q.reset(px, size)
	q.open(netip.Addr{})
	t.Cleanup(func() {
		q.release()
		assert.Zero(t, px.buffers.Stats().Memory)
	})
	return q
}

// held returns how many bytes are kept.
func (q *pipe) held() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.came - q.taken
}

// TestPipe checks that what is written comes whole, in parts of any size, and that
// no more is kept than may be.
func TestPipe(t *testing.T) {
	const size = 40_000
	q := openPipe(t, size)
	text := bodyText(megabyte)
	go func() {
		task := newPipeTask()
		defer q.end(task)
		for rest := text; rest != ""; {
			q.awaits(true)
			n := min(len(rest), 1+rand.IntN(1<<rand.IntN(18)))
			q.awaits(false)
			if left := q.write(task, []byte(rest[:n])); !assert.Zero(t, len(left)) {
				return
			}
			rest = rest[n:]
		}
	}()
	var got strings.Builder
	var into readBuffer
	for task := newPipeTask(); !q.isDrained(); {
		have, err := q.await(task)
		require.NoError(t, err)
		if !have {
			runtime.Gosched()
			continue // the writer might as well end
		}
		assert.LessOrEqual(t, q.held(), int64(size))
		n, err := q.take(task, &into)
		require.NoError(t, err)
		got.Write(into.b[:n])
	}
	sameBody(t, text, got.String())
}

// TestPipe_Interrupted checks that a writer that is interrupted while there is no room
// gets back what was not written, and that the reader gets the rest.
func TestPipe_Interrupted(t *testing.T) {
	const size = 40_000
	q := openPipe(t, size)
	text := bodyText(2 * size)
	writer, reader := newPipeTask(), newPipeTask()
	left := make(chan string)
	go func() {
		rest := q.write(writer, []byte(text))
		q.end(writer)
		left <- string(rest)
	}()
	soon(t, func() bool { return q.held() == size }, "it is not kept")
	assert.False(t, q.isDrained())
	close(writer.cut)
	rest := <-left
	sameBody(t, text[size:], rest)
	var got strings.Builder
	var into readBuffer
	for !q.isDrained() {
		n, err := q.take(reader, &into)
		require.NoError(t, err)
		got.Write(into.b[:n])
	}
	sameBody(t, text[:size], got.String())
	have, err := q.await(reader)
	assert.NoError(t, err)
	assert.False(t, have, "the writer has ended")
}

// TestPipe_Empty checks that the reader waits while nothing is kept, unless the writer
// waits, too, and that an interrupt ends its wait.
func TestPipe_Empty(t *testing.T) {
	q := openPipe(t, 1000)
	writer, reader := newPipeTask(), newPipeTask()
	came := make(chan bool)
	await := func() {
		have, _ := q.await(reader)
		came <- have
	}
	go await()
	q.awaits(true)
	assert.False(t, <-came)
	q.awaits(false)
	go await()
	assert.Empty(t, q.write(writer, []byte("a")))
	assert.True(t, <-came)
	var into readBuffer
	n, err := q.take(reader, &into)
	require.NoError(t, err)
	assert.Equal(t, "a", string(into.b[:n]))
	close(reader.cut)
	_, err = q.await(reader)
	assert.Equal(t, netloop.ErrEnough, err)
	q.end(writer)
}

// TestPipe_Full checks that the writer gets back what the buffers have no room for.
func TestPipe_Full(t *testing.T) {
	q := openPipe(t, megabyte)
	text := bodyText(megabyte)
	task := newPipeTask()
	rest := q.write(task, []byte(text))
	q.end(task)
	sameBody(t, text[buffer.InMemory:], string(rest))
}
