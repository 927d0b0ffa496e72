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

// connection is a client connection on which a script sends bytes.
type connection struct {
	conn net.Conn
	got  strings.Builder // all received bytes
	read int             // how much of got the expects have consumed
}

// conn speaks over a connection byte by byte:
//
//	conn open NAME
//	conn send NAME BYTES       BYTES can contain the escapes of a Go string, such as \r\n
//	conn expect NAME PATTERN   wait until the bytes since the last expect match
//	conn end NAME              close the sending side
//	conn closed NAME           wait until the server has closed it; all received bytes are stdout
//	conn close NAME            close it at once
//	conn reset NAME            reset it
//	conn crowd NAME N BYTES    open N connections and send BYTES on each
//	conn ask NAME BYTES        send BYTES on each connection of a crowd at once, and read an answer
//	                           on each; stdout says how many got a 200, how many were closed
//	                           without a byte, and how many failed
//	conn shed NAME             wait until the server has closed one connection of a crowd that
//	                           expects no answer
//	conn left NAME             wait until the server has closed every connection of a crowd
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

// raw sends bytes on a new connection and prints everything that comes until
// the server closes it. With -end, it closes the sending side after sending:
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
	ts.Defer(func() { _ = conn.Close() }) // usually closed already
	return &connection{conn: conn}
}

func (c *connection) send(ts *testscript.TestScript, escaped string) {
	data, err := strconv.Unquote(`"` + escaped + `"`)
	ts.Check(err)
	c.write(data)
}

// write ignores its error: the server may already have answered and closed, and
// the script checks its answer.
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

// rest reads until the server closes the connection and prints everything that
// came, with plain line ends.
func (c *connection) rest(ts *testscript.TestScript) {
	ts.Check(c.conn.SetReadDeadline(time.Now().Add(harness.Patience)))
	_, err := io.Copy(&c.got, c.conn)
	fmt.Fprint(ts.Stdout(), strings.ReplaceAll(c.got.String(), "\r\n", "\n"))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		ts.Fatalf("the server keeps the connection open")
	}
	_ = c.conn.Close()
}
