package buffer

import (
	"bytes"
	"io"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func space(t *testing.T, l Limits) *Space {
	t.Helper()
	s := NewSpace(slog.New(slog.DiscardHandler))
	s.Configure(l)
	t.Cleanup(func() { released(t, s) })
	return s
}

// released waits until a Space holds nothing.
func released(t *testing.T, s *Space) {
	t.Helper()
	soon(t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.of) == 0 && s.held == held{}
	}, "something was not released")
}

// soon waits for a condition.
func soon(t *testing.T, cond func() bool, msg string) {
	t.Helper()
	require.Eventually(t, cond, 30*time.Second, time.Millisecond, msg)
}

// pattern returns n bytes of a body, from an offset on.
func pattern(off, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte((off + i) * 31 >> 3)
	}
	return p
}

func readAll(t *testing.T, b *Buffer, off int64) []byte {
	t.Helper()
	var all []byte
	p := make([]byte, 5000)
	for {
		n, err := b.ReadAt(newTask(), p, off)
		if err == io.EOF {
			return all
		}
		require.NoError(t, err)
		all, off = append(all, p[:n]...), off+int64(n)
	}
}

func TestBuffer_IsReadAgain(t *testing.T) {
	s := space(t, Limits{Memory: 1 << 20})
	var b Buffer
	b.Init(s, 1<<20, netip.Addr{})
	defer b.Release()
	for b.Len() < 60000 {
		n, err := b.Append(nil, pattern(int(b.Len()), 3000))
		require.NoError(t, err)
		require.Equal(t, 3000, n)
	}
	for range 2 {
		assert.True(t, bytes.Equal(pattern(0, 60000), readAll(t, &b, 0)))
	}
	assert.EqualValues(t, memoryPages*pageSize, s.Stats().Memory)
}

func TestBuffer_Max(t *testing.T) {
	s := space(t, Limits{Memory: 1 << 20})
	var b Buffer
	b.Init(s, 5000, netip.Addr{})
	defer b.Release()
	n, err := b.Append(nil, pattern(0, 6000))
	assert.Equal(t, 5000, n)
	assert.Equal(t, ErrFull, err)
	b.Discard(2000)
	n, err = b.Append(nil, pattern(5000, 3000))
	assert.Equal(t, 2000, n)
	assert.Equal(t, ErrFull, err)
	assert.True(t, bytes.Equal(pattern(2000, 5000), readAll(t, &b, 2000)))
	_, err = b.ReadAt(nil, make([]byte, 1), 1999)
	assert.Error(t, err)
}

// TestBuffer_Discard moves ten times as many bytes through a Buffer as it holds.
func TestBuffer_Discard(t *testing.T) {
	s := space(t, Limits{Memory: 1 << 20})
	var b Buffer
	b.Init(s, 1<<20, netip.Addr{})
	defer b.Release()
	read := 0
	for i := 0; b.Len() < 10*memoryPages*pageSize; i++ {
		part := pattern(int(b.Len()), 700+i%5*3000)
		n, err := b.Append(nil, part)
		if err == ErrFull {
			assert.Less(t, n, len(part))
		}
		p := make([]byte, 500+i%7*2500)
		n, err = b.ReadAt(nil, p, int64(read))
		require.NoError(t, err)
		require.True(t, bytes.Equal(pattern(read, n), p[:n]))
		read += n
		b.Discard(int64(read))
	}
	b.Discard(b.Len())
	assert.Zero(t, s.Stats().Memory)
}

func TestSpace_Memory(t *testing.T) {
	s := space(t, Limits{Memory: 8 * pageSize / 3}) // a quarter of it is for tails
	var a, b Buffer
	a.Init(s, 1<<20, netip.Addr{})
	b.Init(s, 1<<20, netip.Addr{})
	n, err := a.Append(nil, make([]byte, 3*pageSize))
	assert.Equal(t, 2*pageSize, n)
	assert.Equal(t, ErrFull, err)
	_, err = b.Append(nil, make([]byte, 1))
	assert.Equal(t, ErrFull, err)
	assert.EqualValues(t, 2, s.Stats().Refused[RefusedMemory])
	a.Release()
	_, err = b.Append(nil, make([]byte, 1))
	assert.NoError(t, err)
	s.Configure(Limits{})
	n, err = b.Append(nil, make([]byte, 2*pageSize))
	assert.Equal(t, smallSize-1, n)
	assert.Equal(t, ErrFull, err)
	b.Release()
}

func TestSpace_Share(t *testing.T) {
	s := space(t, Limits{Memory: 32 * pageSize / 3}) // 8 pages, and a quarter for tails
	full := func(b *Buffer, client string, want int) {
		b.Init(s, 1<<20, netip.MustParseAddr(client))
		n, err := b.Append(nil, make([]byte, 8*pageSize))
		assert.Equal(t, ErrShare, err, client)
		assert.Equal(t, want, n, client)
	}
	var b [5]Buffer
	full(&b[0], "2001:db8::1", 2*pageSize)
	full(&b[1], "2001:db8::ffff:1", 0) // the same network
	full(&b[2], "192.0.2.1", 2*pageSize)
	full(&b[3], "::ffff:192.0.2.1", 0) // the same address
	full(&b[4], "192.0.2.2", 2*pageSize)
	assert.EqualValues(t, 5, s.Stats().Refused[RefusedShare])
	for i := range b {
		b[i].Release()
	}
}

// TestBuffer_Small checks that a small body costs a small page, and that a larger
// one has the same bytes.
func TestBuffer_Small(t *testing.T) {
	s := space(t, Limits{Memory: 1 << 20})
	var b Buffer
	b.Init(s, 1<<20, netip.Addr{})
	defer b.Release()
	_, err := b.Append(nil, pattern(0, smallSize))
	require.NoError(t, err)
	assert.EqualValues(t, smallSize, s.Stats().Memory)
	assert.True(t, bytes.Equal(pattern(0, smallSize), readAll(t, &b, 0)))
	_, err = b.Append(nil, pattern(smallSize, 1))
	require.NoError(t, err)
	assert.EqualValues(t, pageSize, s.Stats().Memory, "the larger page replaces it")
	assert.True(t, bytes.Equal(pattern(0, smallSize+1), readAll(t, &b, 0)))
	b.Discard(b.Len())
	assert.Zero(t, s.Stats().Memory)
	_, err = b.Append(nil, pattern(smallSize+1, 1))
	require.NoError(t, err)
	assert.True(t, bytes.Equal(pattern(smallSize+1, 1), readAll(t, &b, smallSize+1)))
}
