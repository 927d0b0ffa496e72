package netloop_test

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/logtest"
	"github.com/ldcorn/ldcorn/engine/netloop"
)

// named answers with the name of the listener and whether it is leaving.
func named(t netloop.Task, c netloop.Conn) netloop.Verdict {
	s, v := line(t, c, 0)
	if s != "" {
		answer := c.Listener().Name()
		if c.Listener().Leaving() {
			answer += " leaving"
		}
		c.Write(t, []byte(answer), []byte("\n"), time.Minute)
	}
	return v
}

func listen(t *testing.T, network, addr string) *netloop.Listener {
	t.Helper()
	ln, err := net.Listen(network, addr)
	require.NoError(t, err)
	return netloop.NewListener(ln)
}

// A client sends lines and reads lines.
type client struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func connect(t *testing.T, ln *netloop.Listener) *client {
	t.Helper()
	c, err := net.Dial(ln.Addr().Network(), ln.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(30*time.Second)))
	return &client{t, c, bufio.NewReader(c)}
}

func (c *client) ask() string {
	c.t.Helper()
	_, err := io.WriteString(c, "who\n")
	require.NoError(c.t, err)
	return c.hear()
}

func (c *client) hear() string {
	c.t.Helper()
	s, err := c.r.ReadString('\n')
	require.NoError(c.t, err)
	return strings.TrimSuffix(s, "\n")
}

// refuses checks that no client can connect anymore.
func refuses(t *testing.T, ln *netloop.Listener) {
	t.Helper()
	<-ln.Closed()
	c, err := net.Dial(ln.Addr().Network(), ln.Addr().String())
	if err == nil {
		c.Close()
	}
	require.Error(t, err)
}

// TestListeners checks that a driver accepts on each of its listeners, which
// come and go while it runs, and that a connection knows its listener.
func TestListeners(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		_, d := serve(t, name, netloop.Options{Loops: 2}, named)
		tcp, sock := listen(t, "tcp", "127.0.0.1:0"), listen(t, "unix", filepath.Join(t.TempDir(), "s"))
		_, port, err := net.SplitHostPort(tcp.Name())
		require.NoError(t, err)
		assert.Equal(t, port, tcp.Port())
		assert.Equal(t, "unix:"+sock.Addr().String(), sock.Name())
		assert.Empty(t, sock.Port())
		require.NoError(t, d.Add(tcp))
		require.NoError(t, d.Add(sock))
		byTCP, bySock := connect(t, tcp), connect(t, sock)
		assert.Equal(t, tcp.Name(), byTCP.ask())
		assert.Equal(t, sock.Name(), bySock.ask())

		d.Remove(tcp)
		d.Remove(tcp)
		refuses(t, tcp)
		assert.Equal(t, tcp.Name()+" leaving", byTCP.ask(), "its connections are still served")
		assert.Equal(t, sock.Name(), bySock.ask(), "other listeners' connections are not affected")
		assert.Equal(t, sock.Name(), connect(t, sock).ask())

		third := listen(t, "tcp", "127.0.0.1:0")
		require.NoError(t, d.Add(third))
		assert.Equal(t, third.Name(), connect(t, third).ask())
		d.Remove(tcp)

		d.Shutdown()
		refuses(t, sock)
		refuses(t, third)
		late := listen(t, "tcp", "127.0.0.1:0")
		require.ErrorIs(t, d.Add(late), netloop.ErrStopped)
		refuses(t, late)
	})
}

// TestListener_Open: a listener counts its connections until they are closed, by the client
// or by a handler.
func TestListener_Open(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		_, d := serve(t, name, netloop.Options{Loops: 2}, named)
		one, other := listen(t, "tcp", "127.0.0.1:0"), listen(t, "tcp", "127.0.0.1:0")
		require.NoError(t, d.Add(one))
		require.NoError(t, d.Add(other))
		has := func(ln *netloop.Listener, n int) {
			t.Helper()
			require.Eventually(t, func() bool { return ln.Open() == n }, time.Minute, time.Millisecond)
		}
		var conns []*client
		for range 3 {
			conns = append(conns, connect(t, one))
		}
		assert.Equal(t, one.Name(), conns[0].ask())
		connect(t, other)
		has(one, 3)
		has(other, 1)
		conns[1].Close()
		has(one, 2)
		d.Remove(one)
		conns[0].Close()
		conns[2].Close()
		has(one, 0)
		has(other, 1)
	})
}

// TestNoListener checks that a driver runs without listeners until one is
// added.
func TestNoListener(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		d, err := netloop.New(name, netloop.Options{Handler: handlerFunc(named), Log: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		ran := make(chan error, 1)
		go func() { ran <- d.Run() }()
		ln := listen(t, "tcp", "127.0.0.1:0")
		require.NoError(t, d.Add(ln))
		assert.Equal(t, ln.Name(), connect(t, ln).ask())
		d.Abort()
		require.NoError(t, <-ran)
	})
}

// TestRemoveServesWhoIsConnected checks that a client that connected before its
// listener was removed is served, even if that was before the driver ran.
func TestRemoveServesWhoIsConnected(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		entered, block := make(chan bool), make(chan bool)
		d, err := netloop.New(name, netloop.Options{Log: slog.New(slog.DiscardHandler), Loops: 1,
			Handler: handlerFunc(func(task netloop.Task, c netloop.Conn) netloop.Verdict {
				if c.Listener().Port() == "" {
					entered <- true
					<-block // blocks the loop itself, so nothing is accepted meanwhile
					return netloop.Verdict{}
				}
				return named(task, c)
			})})
		require.NoError(t, err)
		early, ln, sock := listen(t, "tcp", "127.0.0.1:0"), listen(t, "tcp", "127.0.0.1:0"), listen(t, "unix", filepath.Join(t.TempDir(), "s"))
		for _, ln := range []*netloop.Listener{early, ln, sock} {
			require.NoError(t, d.Add(ln))
		}
		before := connect(t, early)
		_, err = io.WriteString(before, "who\n")
		require.NoError(t, err)
		d.Remove(early)
		ran := make(chan error, 1)
		go func() { ran <- d.Run() }()
		assert.Equal(t, early.Name()+" leaving", before.hear())
		refuses(t, early)

		_, err = connect(t, sock).Write([]byte("x\n"))
		require.NoError(t, err)
		<-entered
		var clients [100]*client
		for i := range clients {
			clients[i] = connect(t, ln)
			_, err := io.WriteString(clients[i], "who\n")
			require.NoError(t, err)
		}
		d.Remove(ln)
		close(block)
		for _, c := range clients {
			// With a goroutine for each connection, some may have been served
			// already.
			assert.True(t, strings.HasPrefix(c.hear(), ln.Name()))
		}
		refuses(t, ln)
		assert.Empty(t, ran, "the driver keeps running")
		d.Abort()
		require.NoError(t, <-ran)
	})
}

// TestAcceptFailsAndGoesOn checks that no listener accepts while no descriptor
// is left, that all accept again once there are some, and that a listener can
// be removed meanwhile.
func TestAcceptFailsAndGoesOn(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		log := new(logtest.Text)
		d, err := netloop.New(name, netloop.Options{Handler: handlerFunc(named), Log: slog.New(slog.NewTextHandler(log, nil))})
		require.NoError(t, err)
		lns := make([]*netloop.Listener, 3)
		for i := range lns {
			lns[i] = listen(t, "tcp", "127.0.0.1:0")
			require.NoError(t, d.Add(lns[i]))
		}
		ran := make(chan error, 1)
		go func() { ran <- d.Run() }()
		for _, ln := range lns { // the driver has opened its descriptors
			assert.Equal(t, ln.Name(), connect(t, ln).ask())
		}
		var socks [3]int
		var files [3]*os.File
		for i := range socks {
			socks[i], err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
			require.NoError(t, err)
			unix.CloseOnExec(socks[i])
			files[i] = os.NewFile(uintptr(socks[i]), "client")
			defer files[i].Close()
		}

		var before unix.Rlimit
		require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &before))
		none := before
		none.Cur = 0
		require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &none))
		defer func() { assert.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &before)) }()
		for i, ln := range lns {
			to := ln.Addr().(*net.TCPAddr)
			require.NoError(t, unix.Connect(socks[i], &unix.SockaddrInet4{Port: to.Port, Addr: [4]byte(to.IP.To4())}))
			_, err = unix.Write(socks[i], []byte("who\n"))
			require.NoError(t, err)
		}
		failing := func(ln *netloop.Listener) bool {
			return strings.Contains(log.String(), `msg="cannot accept connections; trying again" addr=`+ln.Name())
		}
		require.Eventually(t, func() bool { return failing(lns[0]) && failing(lns[1]) && failing(lns[2]) },
			30*time.Second, time.Millisecond)
		d.Remove(lns[2])
		<-lns[2].Closed()
		require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &before))

		for i, ln := range lns[:2] {
			c, err := net.FileConn(files[i])
			require.NoError(t, err)
			defer c.Close()
			require.NoError(t, c.SetDeadline(time.Now().Add(30*time.Second)))
			assert.Equal(t, ln.Name(), (&client{t, c, bufio.NewReader(c)}).hear())
		}
		d.Abort()
		require.NoError(t, <-ran)
	})
}
