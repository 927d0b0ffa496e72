//go:build linux

package campaign

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// An outcome is the result that a client that stayed has got.
type outcome struct {
	group, method, id string
	span
	status int    // 0: no answer; cut: the beginning of one
	body   string // of the answer, or the error
	slow   bool   // the request was made to take longer than the group's request_timeout
}

const cut = -1

// A client makes requests to one group. It is not safe for concurrent use.
type client struct {
	c     *campaign
	group string
	rng   *rand.Rand
	conn  net.Conn
	in    *bufio.Reader
}

func (c *campaign) newClient(group string) *client {
	n := c.number.Add(1)
	return &client{c: c, group: group, rng: c.newRand(fmt.Sprintf("client %d", n))}
}

// A campaignRequest is a request before it is sent.
type campaignRequest struct {
	method, id, text string
	size             int
	slow             bool
}

// request composes a request with a unique id. Most requests are quick.
func (cl *client) request() campaignRequest {
	r := campaignRequest{method: []string{"GET", "GET", "POST", "POST", "PUT", "PATCH"}[cl.rng.IntN(6)]}
	r.id = fmt.Sprintf("%s-%d", r.method, cl.c.number.Add(1))
	ms := cl.rng.IntN(40)
	if cl.rng.IntN(8) == 0 {
		ms += 150
	}
	if r.slow = cl.group == late && cl.rng.IntN(4) == 0; r.slow {
		ms = int(2 * lateTimeout / time.Millisecond)
	}
	head := fmt.Sprintf("%s /%s/%s?%d HTTP/1.1\r\nHost: x\r\n", r.method, cl.group, r.id, ms)
	if cl.rng.IntN(2) == 0 {
		head += fmt.Sprintf("X-User: %d\r\n", cl.rng.IntN(9))
	}
	if r.method != "GET" {
		r.size = cl.rng.IntN(3000)
		head += fmt.Sprintf("Content-Length: %d\r\n", r.size)
	}
	r.text = head + "\r\n" + strings.Repeat("x", r.size)
	return r
}

// note records when a request began, which is before its first byte is sent.
func (c *campaign) note(id string) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := monotonic()
	c.began[id] = now
	return now
}

// connect opens a connection if there is none.
func (cl *client) connect(ctx context.Context) error {
	if cl.conn != nil {
		return nil
	}
	conn, err := harness.Dial(ctx, cl.c.addr)
	if err != nil {
		return err
	}
	cl.conn, cl.in = conn, bufio.NewReader(conn)
	return conn.SetDeadline(time.Now().Add(2 * harness.Patience))
}

func (cl *client) close() {
	if cl.conn != nil {
		_ = cl.conn.Close()
		cl.conn = nil
	}
}

// stay makes requests and waits for each answer, on a connection that it keeps
// or on a new one, sometimes after it has ended its own stream.
func (c *campaign) stay(ctx context.Context, cl *client) {
	defer cl.close()
	for !c.over.Load() {
		r := cl.request()
		o := outcome{group: cl.group, method: r.method, id: r.id, slow: r.slow}
		o.from = c.note(r.id)
		resp, body, err := cl.exchange(ctx, r)
		o.to = monotonic()
		switch o.body = body; {
		case err == nil:
			o.status = resp.StatusCode
		case resp != nil:
			o.status, o.body = cut, err.Error()
		default:
			o.body = err.Error()
		}
		if o.status == http.StatusOK && body == fmt.Sprintf("%s %d", r.id, r.size) {
			o.body = ""
		}
		c.mu.Lock()
		c.outcomes = append(c.outcomes, o)
		c.mu.Unlock()
		if err != nil || resp.Close || cl.rng.IntN(6) == 0 {
			cl.close()
		}
	}
}

// exchange sends a request and reads its answer.
func (cl *client) exchange(ctx context.Context, r campaignRequest) (*http.Response, string, error) {
	if err := cl.connect(ctx); err != nil {
		return nil, "", err
	}
	if _, err := io.WriteString(cl.conn, r.text); err != nil {
		return nil, "", err
	}
	halfClosed := cl.rng.IntN(10) == 0
	if halfClosed {
		if err := cl.conn.(*net.TCPConn).CloseWrite(); err != nil {
			return nil, "", err
		}
	}
	resp, err := http.ReadResponse(cl.in, &http.Request{Method: r.method})
	if err != nil {
		return nil, "", err
	}
	resp.Close = resp.Close || halfClosed
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

// leave makes requests and closes the connection after a moment, whether they
// are queued, in progress or answered.
func (c *campaign) leave(ctx context.Context, cl *client) {
	defer cl.close()
	for !c.over.Load() {
		if paused := c.paused.Load(); paused != nil && *paused == cl.group {
			if !cl.pause(ctx, 20*time.Millisecond) {
				return
			}
			continue
		}
		r := cl.request()
		c.note(r.id)
		if cl.connect(ctx) != nil {
			return // the clients that stay will notice
		}
		_, _ = io.WriteString(cl.conn, r.text)
		if !cl.pause(ctx, time.Duration(cl.rng.IntN(80))*time.Millisecond) {
			return
		}
		cl.abandon()
	}
}

// abandon closes the connection, with a reset or without.
func (cl *client) abandon() {
	if cl.rng.IntN(2) == 0 {
		_ = cl.conn.(*net.TCPConn).SetLinger(0)
	}
	cl.close()
}

// pause waits for the given time, as a client that does something else.
func (cl *client) pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// stayers is how many clients of a held group are in its queue when all of them
// are.
var stayers = map[string]int{exact: 5, moving: 5}

// vanish makes requests enter the queue of a held group and leave it again. It
// returns their ids after they have left.
func (c *campaign) vanish(ctx context.Context, group string, n int) (ids []string) {
	c.awaitQueued(group, stayers[group])
	var clients []*client
	for range n {
		cl := c.newClient(group)
		r := cl.request()
		ids = append(ids, r.id)
		clients = append(clients, cl)
		require.NoError(c.t, cl.connect(ctx))
		defer cl.close()
		_, err := io.WriteString(cl.conn, r.text)
		require.NoError(c.t, err)
		c.awaitQueued(group, stayers[group]+len(ids))
	}
	for _, cl := range clients {
		cl.abandon()
	}
	c.awaitQueued(group, stayers[group])
	return ids
}

// awaitQueued waits until the queue of a group has the given length.
func (c *campaign) awaitQueued(group string, want int) {
	got := 0
	ok := harness.Until(func() bool {
		g := c.group(group)
		if g != nil {
			got = g.Queued
		}
		return got == want || c.ended()
	})
	require.True(c.t, ok && got == want, "%d requests in the queue of %s, want %d:\n%s", got, group, want, c.showLog())
}

// converse opens websockets, exchanges messages, and closes properly. In groups
// where no test counts slots, it abandons some of them.
func (c *campaign) converse(ctx context.Context, cl *client) {
	for !c.over.Load() {
		o := outcome{group: cl.group, method: "WS", id: fmt.Sprintf("WS-%d", c.number.Add(1)), status: http.StatusOK}
		o.from = c.note(o.id)
		if err := cl.talk(ctx, o.id); err != nil {
			o.status, o.body = 0, err.Error()
		}
		o.to = monotonic()
		c.mu.Lock()
		c.outcomes = append(c.outcomes, o)
		c.mu.Unlock()
	}
}

func (cl *client) talk(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*harness.Patience)
	defer cancel()
	conn, resp, err := harness.DialWebSocket(ctx, cl.c.addr, fmt.Sprintf("/%s/ws?%s", cl.group, id), nil)
	if err != nil {
		if resp != nil {
			err = fmt.Errorf("status %d: %w", resp.StatusCode, err)
		}
		return err
	}
	defer conn.CloseNow()
	for range 1 + cl.rng.IntN(4) {
		if err := conn.Write(ctx, websocket.MessageText, []byte(id)); err != nil {
			return err
		}
		_, got, err := conn.Read(ctx)
		if err != nil {
			return err
		}
		if string(got) != id {
			return fmt.Errorf("got %q for %q", got, id)
		}
		cl.pause(ctx, time.Duration(cl.rng.IntN(20))*time.Millisecond)
	}
	if cl.group == free && cl.rng.IntN(3) == 0 {
		return nil
	}
	if err := conn.Write(ctx, websocket.MessageText, []byte("bye")); err != nil {
		return err
	}
	_, _, err = conn.Read(ctx)
	if code := websocket.CloseStatus(err); code != websocket.StatusNormalClosure {
		return fmt.Errorf("closed with %v: %w", code, err)
	}
	return nil
}
