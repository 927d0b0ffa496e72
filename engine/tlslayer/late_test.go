package tlslayer

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// endless returns n bytes of a ClientHello that is 65,536 bytes long, in records.
func endless(n int) []byte {
	message := append([]byte{1, 1, 0, 0}, make([]byte, 1<<16)...)
	var out []byte
	for len(message) > 0 {
		part := message[:min(len(message), 1<<12)]
		message = message[len(part):]
		out = binary.BigEndian.AppendUint16(append(out, typeHandshake, 3, 3), uint16(len(part)))
		out = append(out, part...)
	}
	return out[:n]
}

// TestLate checks, on a clock that the test moves, that the time of a handshake begins
// with its first byte, ends wherever the handshake is, and is not begun again by what
// comes.
func TestLate(t *testing.T) {
	config, c := configs(t)
	p := hello(t, c)
	for what, in := range map[string][]byte{"a byte": p[:1], "a part": p[:len(p)-1], "hello": p, "a part in records": endless(10_000)} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				results := make(chan Result, 10)
				s := newServer(t, Options{Config: func() *tls.Config { return config },
					Timeout: func() time.Duration { return time.Second }, Observe: func(r Result) { results <- r }})
				defer s.layer.Close()
				assert.NoError(t, s.layer.Feed(nil))
				time.Sleep(time.Hour)
				assert.Empty(t, s.news, "nothing has come")
				begun := time.Now()
				for piece := range slices.Chunk(in, len(in)/9+1) {
					require.NoError(t, s.feed(piece, len(piece)))
					time.Sleep(99 * time.Millisecond)
				}
				time.Sleep(999*time.Millisecond - time.Since(begun))
				synctest.Wait()
				assert.Empty(t, results)
				time.Sleep(2 * time.Millisecond)
				synctest.Wait()
				assert.ErrorIs(t, s.layer.Feed(nil), ErrLate)
				r := <-results
				assert.ErrorIs(t, r.Err, ErrLate)
				assert.Equal(t, "late", r.Outcome())
				assert.ErrorIs(t, s.layer.Feed(p), ErrLate)
				assert.Empty(t, results, "reported once")
			})
		})
	}
}

// TestInTime checks that the time limits nothing after the handshake, and that 0 is no
// limit.
func TestInTime(t *testing.T) {
	config, c := configs(t)
	now := time.Now()
	c.Time = func() time.Time { return now }
	for _, limit := range []time.Duration{0, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer(t, Options{Config: func() *tls.Config { return config }, Timeout: func() time.Duration { return limit }})
			if limit == 0 {
				require.NoError(t, s.feed(hello(t, c), 100))
				time.Sleep(time.Hour)
				assert.NoError(t, s.layer.Feed(nil))
				s.layer.Close()
				return
			}
			client := tls.Client(&half{s: s, piece: 100}, c)
			require.NoError(t, client.HandshakeContext(context.Background()))
			time.Sleep(time.Hour)
			_, err := client.Write([]byte("x"))
			require.NoError(t, err)
			assert.Equal(t, "x", s.read())
			s.layer.Close()
		})
	}
}

// TestHelloLimit checks how much of a hello the layer takes, and that it keeps no more
// than that of what comes at once.
func TestHelloLimit(t *testing.T) {
	config, c := configs(t)
	config.CurvePreferences = []tls.CurveID{tls.CurveP384} // ask for another hello
	for _, piece := range []int{1, 1000, 1 << 16} {
		results := make(chan Result, 1)
		opts := Options{Config: func() *tls.Config { return config }, Observe: func(r Result) { results <- r }}
		s := newServer(t, opts)
		assert.Equal(t, errTooMuch, s.feed(endless(62<<10), piece))
		s.layer.Close()
		r := <-results
		assert.Equal(t, errTooMuch, r.Err)
		assert.Equal(t, "failed", r.Outcome())
		assert.LessOrEqual(t, s.layer.wire.handshake.kept(), 2*maxHello)

		s = newServer(t, opts)
		require.NoError(t, s.feed(hello(t, c), piece))
		require.True(t, isRetry(s.sent))
		assert.Equal(t, errTooMuch, s.feed(endless(62<<10), piece), "also in the other hello")
		s.layer.Close()
		assert.Equal(t, errTooMuch, (<-results).Err)

		large := c.Clone()
		large.NextProtos = []string{"http/1.1"}
		for range 50 {
			large.NextProtos = append(large.NextProtos, strings.Repeat("x", 250))
		}
		s = newServer(t, opts)
		require.NoError(t, tls.Client(&half{s: s, piece: piece}, large).HandshakeContext(context.Background()), "two large ones")
		assert.NoError(t, (<-results).Err)
		s.layer.Close()
	}
}

// kept returns how many bytes the handshake holds.
func (h *handshake) kept() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return cap(h.in)
}

// TestLateUnderDrivers checks that clients whose handshakes do not end are disconnected:
// silent ones, one that sends a byte now and then, and one whose hello has no end.
func TestLateUnderDrivers(t *testing.T) {
	config, c := configs(t)
	results := make(chan Result, 10)
	opts := Options{Config: func() *tls.Config { return config }, Observe: func(r Result) { results <- r },
		Timeout: func() time.Duration { return 50 * time.Millisecond }}
	p := hello(t, c)
	drivers(t, opts, netloop.Options{}, echo, func(t *testing.T, addr string) {
		dial := func() net.Conn {
			conn, err := net.Dial("tcp", addr)
			require.NoError(t, err)
			t.Cleanup(func() { conn.Close() })
			require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
			return conn
		}
		for _, in := range [][]byte{p[:1], p[:len(p)-1], p, endless(10_000)} {
			conn := dial()
			_, err := conn.Write(in)
			require.NoError(t, err)
			_, err = io.Copy(io.Discard, conn)
			assert.NoError(t, err, "closed")
			assert.ErrorIs(t, (<-results).Err, ErrLate)
		}

		trickle, tick := dial(), time.NewTicker(5*time.Millisecond)
		defer tick.Stop()
		rest := bytes.NewReader(endless(1 << 14))
		for end := false; !end; {
			select {
			case r := <-results:
				assert.ErrorIs(t, r.Err, ErrLate)
				end = true
			case <-tick.C:
				_, _ = io.CopyN(trickle, rest, 1)
			}
		}

		_, _ = dial().Write(endless(62 << 10)) // it can be disconnected before all is sent
		assert.Contains(t, []error{errTooMuch, ErrLate}, (<-results).Err)
	})
}
