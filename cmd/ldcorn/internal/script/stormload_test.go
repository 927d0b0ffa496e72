//go:build linux

package script

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/coder/websocket"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// stormLoad starts the load of a storm: clients that keep their connection and
// clients that open a new one for each request, both with all kinds of
// requests, and websockets that are held open.
func stormLoad(addr string, rnd *rand.Rand) *load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{cancel: cancel}
	begin := func(kind *kind, n int, newClient func(*rand.Rand) requester) {
		l.kinds = append(l.kinds, kind)
		for range n {
			c := newClient(rand.New(rand.NewPCG(rnd.Uint64(), 0)))
			l.clients.Go(func() { l.repeat(ctx, kind, c) })
		}
	}
	mixed := func(fresh bool) func(*rand.Rand) requester {
		return func(rnd *rand.Rand) requester {
			return &mixedClient{http: httpClient{addr: addr, fresh: fresh}, rnd: rnd}
		}
	}
	begin(&kind{method: "KEPT", path: "*"}, 64, mixed(false))
	begin(&kind{method: "NEW", path: "*"}, 64, mixed(true))
	for _, w := range []struct {
		path  string
		n     int
		stays bool
	}{{"/kept/ws", 120, true}, {"/sized/ws", 40, false}, {"/live/ws", 40, false}} {
		begin(&kind{method: "WS", path: w.path}, w.n, func(rnd *rand.Rand) requester {
			return &heldSocket{addr: addr, path: w.path, stays: w.stays, rnd: rnd}
		})
	}
	return l
}

// stormGroups holds the paths of a storm's requests. The group extra does not
// always exist; without it, the group of the default route answers.
var stormGroups = []string{"/", "/live", "/kept", "/capped", "/sized", "/extra"}

var (
	megabyte = bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	upload   = megabyte[:100_000]
)

// mixedClient makes a request of a random kind each time, at a pace that leaves
// the machine time to start workers.
type mixedClient struct {
	http httpClient
	rnd  *rand.Rand
}

func (c *mixedClient) close() { c.http.close() }

func (c *mixedClient) request(ctx context.Context) error {
	c.http.method, c.http.body, c.http.chunked = "POST", nil, false
	switch n := c.rnd.IntN(16); {
	case n == 0:
		c.http.path, c.http.body = "/echo", megabyte
	case n < 4:
		c.http.path, c.http.body, c.http.chunked = "/echo", upload, true
	case n < 6:
		c.http.method, c.http.path = "GET", "/events"
	default:
		c.http.method, c.http.path = "GET", "/hello"
	}
	if group := stormGroups[c.rnd.IntN(len(stormGroups))]; group != "/" {
		c.http.path = group + c.http.path
	}
	if err := c.http.request(ctx); err != nil {
		return fmt.Errorf("%s %s (chunked %t): %w", c.http.method, c.http.path, c.http.chunked, err)
	}
	rest(ctx, c.rnd, 500*time.Millisecond)
	return nil
}

// rest waits between two requests of one client.
func rest(ctx context.Context, rnd *rand.Rand, most time.Duration) {
	select {
	case <-time.After(rand.N(most)):
	case <-ctx.Done():
	}
}

// heldSocket keeps a websocket open and gets an echo now and then. If the
// websocket can close because its worker is retired, heldSocket opens it again.
type heldSocket struct {
	addr, path string
	stays      bool
	rnd        *rand.Rand

	conn     *websocket.Conn
	messages chan string
	ended    chan error // the error that ended it; holds one
}

func (s *heldSocket) request(ctx context.Context) error {
	if s.conn == nil {
		if err := s.open(ctx); err != nil {
			return fmt.Errorf("%s: handshake: %w", s.path, err)
		}
	}
	want := fmt.Sprint(s.rnd.Uint64())
	_ = s.conn.Write(ctx, websocket.MessageText, []byte(want)) // on failure, the reader knows why
	timeout := time.After(harness.Patience)
	select {
	case got := <-s.messages:
		if got != want {
			return fmt.Errorf("%s: got %q for %q", s.path, got, want)
		}
	case err := <-s.ended:
		return s.closed(err)
	case <-timeout:
		return fmt.Errorf("%s: no echo", s.path)
	}
	select {
	case <-time.After(rand.N(3 * time.Second)):
	case err := <-s.ended:
		return s.closed(err)
	case <-ctx.Done():
	}
	return nil
}

func (s *heldSocket) open(ctx context.Context) error {
	dialing, cancel := context.WithTimeout(ctx, harness.Patience)
	defer cancel()
	conn, _, err := harness.DialWebSocket(dialing, s.addr, s.path, nil)
	if err != nil {
		return err
	}
	s.conn, s.messages, s.ended = conn, make(chan string, 1), make(chan error, 1)
	go s.read(conn, s.messages, s.ended) // ends with the connection
	return nil
}

// read answers a close at once, as clients do.
func (s *heldSocket) read(conn *websocket.Conn, messages chan<- string, ended chan<- error) {
	for {
		_, data, err := conn.Read(context.Background())
		if err != nil {
			ended <- err
			return
		}
		messages <- string(data)
	}
}

// closed returns an error unless the end of the websocket was expected.
func (s *heldSocket) closed(err error) error {
	s.conn.CloseNow()
	s.conn = nil
	if !s.stays {
		return nil // some versions of Uvicorn send a reason, others just close the connection
	}
	return errors.New(s.path + ": closed: " + err.Error())
}

func (s *heldSocket) close() {
	if s.conn != nil {
		s.conn.CloseNow()
	}
}
