//go:build linux

package script

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/coder/websocket"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// socket is an open websocket of a script.
type socket struct{ conn *websocket.Conn }

// ws uses a websocket:
//
//	ws open NAME PATH [NAME:VALUE...]   handshake; the head of the answer is stderr
//	ws refused STATUS PATH              a handshake that is answered with a status
//	ws send NAME TEXT
//	ws expect NAME PATTERN              the next message matches; it is stdout
//	ws close NAME                       close it, and wait for the other side's close
//	ws closed NAME [CODE]               wait until the other side has closed it
func cmdWS(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg, "ws")
	if len(args) < 2 {
		ts.Fatalf("usage: ws open|refused|send|expect|close|closed NAME ...")
	}
	ctx, cancel := context.WithTimeout(context.Background(), harness.Patience)
	defer cancel()
	verb, name, rest := args[0], args[1], strings.Join(args[2:], " ")
	if verb == "open" && len(args) > 2 {
		openSocket(ctx, ts, name, args[2], args[3:])
		return
	}
	if verb == "refused" {
		refusedSocket(ctx, ts, name, rest)
		return
	}
	s := of(ts).sockets[name]
	if s == nil {
		ts.Fatalf("no websocket called %q is open", name)
	}
	switch verb {
	case "send":
		ts.Check(s.conn.Write(ctx, websocket.MessageText, []byte(rest)))
	case "expect":
		expect(ctx, ts, s, rest)
	case "close":
		delete(of(ts).sockets, name)
		ts.Check(s.conn.Close(websocket.StatusNormalClosure, ""))
	case "closed":
		delete(of(ts).sockets, name)
		_, data, err := s.conn.Read(ctx)
		if err == nil {
			ts.Fatalf("got a message: %q", data)
		}
		if got := websocket.CloseStatus(err); rest != "" && strconv.Itoa(int(got)) != rest {
			ts.Fatalf("closed with %d (%v), want %s", got, err, rest)
		}
	default:
		ts.Fatalf("ws %s is unknown", verb)
	}
}

func expect(ctx context.Context, ts *testscript.TestScript, s *socket, pattern string) {
	re, err := regexp.Compile(pattern)
	ts.Check(err)
	_, data, err := s.conn.Read(ctx)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%s\n", data)
	if !re.Match(data) {
		ts.Fatalf("got %q, want a match of %q", data, pattern)
	}
}

func openSocket(ctx context.Context, ts *testscript.TestScript, name, path string, headers []string) {
	header := http.Header{}
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ":")
		header.Add(k, strings.TrimSpace(v))
	}
	conn, resp, err := harness.DialWebSocket(ctx, ts.Getenv("ADDR"), path, header)
	ts.Check(err)
	fmt.Fprint(ts.Stderr(), headOf(resp))
	of(ts).sockets[name] = &socket{conn}
}

func refusedSocket(ctx context.Context, ts *testscript.TestScript, status, path string) {
	conn, resp, err := harness.DialWebSocket(ctx, ts.Getenv("ADDR"), path, nil)
	switch {
	case err == nil:
		_ = conn.CloseNow()
		ts.Fatalf("the handshake was accepted")
	case resp == nil:
		ts.Fatalf("no answer to the handshake: %v", err)
	case strconv.Itoa(resp.StatusCode) != status:
		ts.Fatalf("status %d, want %s", resp.StatusCode, status)
	}
}
