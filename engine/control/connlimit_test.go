package control

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A pipe is the end of a connection that knows whether it was closed.
type pipe struct {
	net.Conn
	closed bool
}

func (p *pipe) Close() error { p.closed = true; return nil }

// TestConnLimit: the connection that has waited longest makes room, trusted ones go last,
// and those with a request stay.
func TestConnLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newConnLimit(nil)
		conns := make([]*pipe, maxAdminConns)
		for i := range conns {
			conns[i] = new(pipe)
			l.changed(conns[i], http.StateNew)
			time.Sleep(time.Second)
		}
		l.changed(conns[0], http.StateActive)
		leave, ok := l.enter(conns[1], true)
		require.True(t, ok)
		leave()
		another := func() *pipe {
			p := new(pipe)
			l.changed(p, http.StateNew)
			return p
		}
		assert.False(t, another().closed)
		assert.True(t, conns[2].closed)
		for _, c := range conns[3:] {
			assert.False(t, c.closed)
		}
		for c := range l.open {
			l.changed(c, http.StateActive)
		}
		l.changed(conns[1], http.StateIdle)
		last := another()
		assert.True(t, conns[1].closed, "nobody else waits")
		l.changed(last, http.StateActive)
		assert.True(t, another().closed, "nobody waits")
		l.changed(last, http.StateClosed)
		assert.False(t, another().closed)
		assert.False(t, conns[0].closed)
	})
}

// TestConnLimit_Scarce: while descriptors are short, few connections stay.
func TestConnLimit_Scarce(t *testing.T) {
	scarce := false
	l := newConnLimit(func(uintptr) bool { return scarce })
	for range 100 {
		l.changed(new(pipe), http.StateNew)
	}
	assert.Len(t, l.open, 100)
	scarce = true
	l.changed(new(pipe), http.StateNew)
	assert.Len(t, l.open, fewAdminConns)
}

// TestConnLimit_Strangers: some places are kept for those who are trusted.
func TestConnLimit_Strangers(t *testing.T) {
	l := newConnLimit(nil)
	for range maxStrangers {
		_, ok := l.enter(nil, false)
		require.True(t, ok)
	}
	_, ok := l.enter(nil, false)
	assert.False(t, ok)
	_, ok = l.enter(nil, true)
	assert.True(t, ok)
}

// TestAdmin_IdleConnections: idle connections do not keep others out.
func TestAdmin_IdleConnections(t *testing.T) {
	a := startAdmin(t)
	addr := strings.TrimPrefix(a.url, "http://")
	var first net.Conn
	for i := range maxAdminConns + 1 {
		c, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		defer c.Close()
		if i == 0 {
			first = c
			_, err = io.WriteString(c, "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
			require.NoError(t, err)
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			require.NoError(t, err)
			_, _ = io.Copy(io.Discard, resp.Body)
		}
	}
	_, _ = io.Copy(io.Discard, first) // ends: it has waited longest
	status, _, _ := a.ask("GET", "/livez")
	assert.Equal(t, http.StatusOK, status)
}
