//go:build linux

package script

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// connection is a client connection on which a script says bytes.
type connection struct {
	conn net.Conn
	got  strings.Builder // all that came
	read int             // how much of got an expect has taken
}

// conn speaks over a connection byte by byte:
//
//	conn open NAME
//	conn send NAME BYTES       BYTES may hold the escapes of a Go string, such as \r\n
//	conn expect NAME PATTERN   wait until what came since the last expect matches
//	conn end NAME              close the sending side
//	conn closed NAME           wait until the server has closed it; all that came is stdout
//	conn close NAME            close it at once
//	conn reset NAME            reset it
//	conn crowd NAME N BYTES    open N connections and send BYTES on each
//	conn ask NAME BYTES        send BYTES on each of a crowd, all at once, and read an answer
//	                           on each; stdout says how many were answered with 200, how
//	                           many were closed without a byte, and how many have failed
//	conn shed NAME             wait until the server has closed one of a crowd, which has no
//	                           answer to come
//	conn left NAME             wait until the server has closed each of a crowd
//	conn leave NAME            close a crowd
func cmdConn(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg, "conn")
	if len(args) > 1 && slices.Contains([]string{"crowd", "ask", "shed", "left", "leave"}, args[0]) {
		cmdCrowd(ts, args[0], args[1], args[2:])
		return
	}
	if len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: conn open|send|expect|end|closed|close|reset|crowd|ask|shed|left|leave NAME [N] [BYTES|PATTERN]")
	}
	conns := of(ts).conns
	verb, name, arg := args[0], args[1], strings.Join(args[2:], "")
	if verb == "open" {
		conns[name] = connect(ts, ts.Getenv("ADDR"))
		return
	}
	c := conns[name]
	if c == nil {
		ts.Fatalf("no connection called %q is open", name)
	}
	switch verb {
	case "send":
		c.send(ts, arg)
	case "expect":
		c.expect(ts, arg)
	case "end":
		c.end(ts)
	case "closed":
		delete(conns, name)
		c.rest(ts)
	case "close":
		delete(conns, name)
		ts.Check(c.conn.Close())
	case "reset":
		delete(conns, name)
		if tcp, ok := c.conn.(*net.TCPConn); ok {
			ts.Check(tcp.SetLinger(0))
		}
		ts.Check(c.conn.Close())
	default:
		ts.Fatalf("conn %s is unknown", verb)
	}
}

// raw sends bytes on a connection of their own and prints all that comes until
// the server closes it, with -end after closing the sending side:
//
//	raw [-end] BYTES|@FILE
func cmdRaw(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg, "raw")
	end := len(args) > 0 && args[0] == "-end"
	if end {
		args = args[1:]
	}
	if len(args) != 1 {
		ts.Fatalf("usage: raw [-end] BYTES|@FILE")
	}
	c := connect(ts, ts.Getenv("ADDR"))
	if file, ok := strings.CutPrefix(args[0], "@"); ok {
		c.write(ts.ReadFile(file))
	} else {
		c.send(ts, args[0])
	}
	if end {
		c.end(ts)
	}
	c.rest(ts)
}

func connect(ts *testscript.TestScript, addr string) *connection {
	conn, err := harness.Dial(context.Background(), addr)
	ts.Check(err)
	ts.Defer(func() { _ = conn.Close() }) // closed already, mostly
	return &connection{conn: conn}
}

func (c *connection) send(ts *testscript.TestScript, escaped string) {
	data, err := strconv.Unquote(`"` + escaped + `"`)
	ts.Check(err)
	c.write(data)
}

// write ignores its error: the server may have answered and closed already,
// and what it said is for the script to judge.
func (c *connection) write(data string) { _, _ = io.WriteString(c.conn, data) }

func (c *connection) expect(ts *testscript.TestScript, pattern string) {
	re, err := regexp.Compile(pattern)
	ts.Check(err)
	ts.Check(c.conn.SetReadDeadline(time.Now().Add(harness.Patience)))
	buf := make([]byte, 32<<10)
	for {
		if loc := re.FindStringIndex(c.got.String()[c.read:]); loc != nil {
			c.read += loc[1]
			return
		}
		n, err := c.conn.Read(buf)
		c.got.Write(buf[:n])
		if err != nil && n == 0 {
			ts.Fatalf("waiting for %q: %v; got %q", pattern, err, c.got.String()[c.read:])
		}
	}
}

func (c *connection) end(ts *testscript.TestScript) {
	closer, ok := c.conn.(interface{ CloseWrite() error })
	if !ok {
		ts.Fatalf("this kind of connection has no half-close")
	}
	ts.Check(closer.CloseWrite())
}

// rest reads until the server closes the connection and prints all that came,
// with plain line ends.
func (c *connection) rest(ts *testscript.TestScript) {
	ts.Check(c.conn.SetReadDeadline(time.Now().Add(harness.Patience)))
	_, err := io.Copy(&c.got, c.conn)
	fmt.Fprint(ts.Stdout(), strings.ReplaceAll(c.got.String(), "\r\n", "\n"))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		ts.Fatalf("the server keeps the connection open")
	}
	_ = c.conn.Close()
}
