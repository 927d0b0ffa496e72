//go:build linux

package script

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// crowd is many connections that send the same bytes.
type crowd []net.Conn

// cmdCrowd is the part of conn that handles many connections at once.
func cmdCrowd(ts *testscript.TestScript, verb, name string, args []string) {
	crowds := of(ts).crowds
	if verb == "crowd" {
		if len(args) != 2 {
			ts.Fatalf("usage: conn crowd NAME N BYTES")
		}
		n, err := strconv.Atoi(args[0])
		ts.Check(err)
		data, err := strconv.Unquote(`"` + args[1] + `"`)
		ts.Check(err)
		crowds[name] = gather(ts, n, data)
		return
	}
	c, ok := crowds[name]
	if !ok {
		ts.Fatalf("no crowd called %q is there", name)
	}
	switch verb {
	case "ask":
		c.ask(ts, strings.Join(args, ""))
		return
	case "shed":
		c.awaitShed(ts)
		return
	}
	delete(crowds, name)
	if verb == "left" {
		c.awaitEnd(ts)
	}
	c.close()
}

// gather connects n times. If the system gives this process fewer descriptors,
// gather makes fewer connections and leaves some descriptors for the rest of
// the tests.
func gather(ts *testscript.TestScript, n int, data string) (c crowd) {
	var lim syscall.Rlimit
	ts.Check(syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim))
	if most := int(lim.Cur) * 3 / 4; n > most {
		ts.Logf("%d connections instead of %d: RLIMIT_NOFILE is %d", most, n, lim.Cur)
		n = most
	}
	ts.Defer(func() { c.close() })
	for range n {
		conn, err := harness.Dial(context.Background(), ts.Getenv("ADDR"))
		ts.Check(err)
		c = append(c, conn)
		// The server may already have closed it again.
		_, _ = io.WriteString(conn, data)
	}
	return c
}

// awaitEnd waits until the server has closed every connection.
func (c crowd) awaitEnd(ts *testscript.TestScript) {
	deadline := time.Now().Add(harness.Patience)
	for i, conn := range c {
		ts.Check(conn.SetReadDeadline(deadline))
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
			ts.Fatalf("the server keeps connection %d of %d open", i+1, len(c))
		}
	}
}

// awaitShed waits until the server has closed one of the connections, and discards what
// it has sent on them.
func (c crowd) awaitShed(ts *testscript.TestScript) {
	shed := make(chan struct{}, len(c))
	var readers sync.WaitGroup
	for _, conn := range c {
		ts.Check(conn.SetReadDeadline(time.Time{}))
		readers.Go(func() {
			if _, err := io.Copy(io.Discard, conn); err == nil || errors.Is(err, syscall.ECONNRESET) {
				shed <- struct{}{}
			}
		})
	}
	var late bool
	select {
	case <-shed:
	case <-time.After(harness.Patience):
		late = true
	}
	for _, conn := range c {
		ts.Check(conn.SetReadDeadline(time.Unix(1, 0)))
	}
	readers.Wait()
	if late {
		ts.Fatalf("the server keeps all %d connections open", len(c))
	}
}

// ask sends the same bytes on every connection and reads an answer from each.
func (c crowd) ask(ts *testscript.TestScript, arg string) {
	data, err := strconv.Unquote(`"` + arg + `"`)
	ts.Check(err)
	deadline := time.Now().Add(harness.Patience)
	for _, conn := range c {
		// The server may have closed it.
		_, _ = io.WriteString(conn, data)
	}
	answered, closed, failed := 0, 0, 0
	for i, conn := range c {
		ts.Check(conn.SetReadDeadline(deadline))
		in := bufio.NewReader(conn)
		if _, err := in.Peek(1); errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
			closed++
			continue
		}
		res, err := http.ReadResponse(in, nil)
		if err == nil {
			_, err = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
		}
		switch {
		case err != nil:
			ts.Logf("connection %d: %v", i, err)
			failed++
		case res.StatusCode != http.StatusOK:
			ts.Logf("connection %d: %s", i, res.Status)
			failed++
		default:
			answered++
		}
	}
	fmt.Fprintf(ts.Stdout(), "answered=%d closed=%d failed=%d\n", answered, closed, failed)
}

func (c crowd) close() {
	for _, conn := range c {
		_ = conn.Close() // may already be closed
	}
}
