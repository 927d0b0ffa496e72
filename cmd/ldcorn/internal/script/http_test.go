//go:build linux

package script

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// call is one request as written in a script.
type call struct {
	addr   string
	method string
	status int
	path   string
	header http.Header
	body   string
}

// answer is the answer to a call.
type answer struct {
	status int
	head   string // status line and header, sorted
	body   string
	err    error
}

// http sends a request and checks the status of the answer:
//
//	http [-to=ADDR] [-bg=NAME] [METHOD] STATUS PATH [NAME:VALUE...] [=BODY|@FILE]
//
// The body of the answer then becomes stdout and its head stderr, with the
// header sorted. No redirect is followed and nothing is decoded. With -bg, the
// request runs in the background until "join NAME".
func cmdHTTP(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg, "http")
	to, args := flag(args, "to")
	bg, args := flag(args, "bg")
	c := parseCall(ts, to, args)
	if bg == "" {
		check(ts, c, c.do())
		return
	}
	s := of(ts)
	if s.pending[bg] != nil {
		ts.Fatalf("a request called %q is under way", bg)
	}
	got := make(chan answer, 1)
	go func() { got <- c.do() }() // ends within patience
	s.pending[bg] = got
	ts.Setenv("WANT_"+bg, strconv.Itoa(c.status))
}

// join waits for a request that http sent in the background, and checks and
// shows its answer as http does:
//
//	join NAME...
func cmdJoin(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg, "join")
	for _, name := range args {
		got := of(ts).pending[name]
		if got == nil {
			ts.Fatalf("no request called %q is under way", name)
		}
		delete(of(ts).pending, name)
		want, err := strconv.Atoi(ts.Getenv("WANT_" + name))
		ts.Check(err)
		check(ts, call{path: name, status: want}, <-got)
	}
}

// waithttp repeats a request until it has the status and its body matches:
//
//	waithttp [-to=ADDR] STATUS PATH [PATTERN]
func cmdWaitHTTP(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg, "waithttp")
	to, args := flag(args, "to")
	if len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: waithttp [-to=ADDR] STATUS PATH [PATTERN]")
	}
	re, err := regexp.Compile(strings.Join(args[2:], ""))
	ts.Check(err)
	c := parseCall(ts, to, args[:2])
	var got answer
	ok := harness.Until(func() bool {
		got = c.do()
		return got.err == nil && got.status == c.status && re.MatchString(got.body)
	})
	if !ok {
		ts.Fatalf("GET %s: last answer %d %q, error %v", c.path, got.status, got.body, got.err)
	}
	check(ts, c, got)
}

func parseCall(ts *testscript.TestScript, to string, args []string) call {
	c := call{addr: to, method: http.MethodGet, header: http.Header{}}
	if c.addr == "" {
		c.addr = ts.Getenv("ADDR")
	}
	if len(args) > 0 && !isNumber(args[0]) {
		c.method, args = args[0], args[1:]
	}
	if len(args) < 2 || !isNumber(args[0]) {
		ts.Fatalf("usage: http [-to=ADDR] [-bg=NAME] [METHOD] STATUS PATH [NAME:VALUE...] [=BODY|@FILE]")
	}
	c.status, _ = strconv.Atoi(args[0])
	c.path = args[1]
	for _, arg := range args[2:] {
		body, isBody := strings.CutPrefix(arg, "=")
		file, isFile := strings.CutPrefix(arg, "@")
		name, value, isHeader := strings.Cut(arg, ":")
		switch {
		case isBody:
			c.body = body
		case isFile:
			c.body = ts.ReadFile(file)
		case isHeader:
			c.header.Add(name, strings.TrimSpace(value))
		default:
			ts.Fatalf("%q is neither NAME:VALUE nor =BODY nor @FILE", arg)
		}
	}
	return c
}

func isNumber(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}

// do sends the request on a new connection, so that a line of a script does not
// depend on the lines before it.
func (c call) do() answer {
	ctx, cancel := context.WithTimeout(context.Background(), harness.Patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, c.method, "http://"+harness.HostOf(c.addr), strings.NewReader(c.body))
	if err != nil {
		return answer{err: err}
	}
	// Opaque is sent as it is, including escapes.
	req.URL.Opaque = c.path
	req.Header = c.header
	req.Host = c.header.Get("Host")
	if c.body == "" {
		req.Body, req.ContentLength = nil, 0
	}
	tr := &http.Transport{
		DisableCompression: true,
		DisableKeepAlives:  true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return harness.Dial(ctx, c.addr)
		},
	}
	if harness.OffersHTTP2(c.addr) {
		req.URL.Scheme, tr.Protocols, tr.DialTLSContext = "https", new(http.Protocols), tr.DialContext
		tr.Protocols.SetHTTP1(true)
		tr.Protocols.SetHTTP2(true)
	}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{status: resp.StatusCode, head: headOf(resp), body: string(body), err: err}
}

// headOf writes the status line and the header of a response, sorted.
func headOf(resp *http.Response) string {
	lines := []string{}
	for name, values := range resp.Header {
		for _, v := range values {
			lines = append(lines, name+": "+v)
		}
	}
	if resp.TransferEncoding != nil {
		lines = append(lines, "Transfer-Encoding: "+strings.Join(resp.TransferEncoding, ", "))
	}
	slices.Sort(lines)
	return resp.Proto + " " + resp.Status + "\n" + strings.Join(lines, "\n") + "\n"
}

// check shows an answer and fails the script if it is not the expected one.
func check(ts *testscript.TestScript, c call, got answer) {
	fmt.Fprint(ts.Stdout(), got.body)
	fmt.Fprint(ts.Stderr(), got.head)
	switch {
	case got.err != nil:
		ts.Fatalf("%s %s: %v", c.method, c.path, got.err)
	case got.status != c.status:
		ts.Fatalf("%s %s: status %d, want %d", c.method, c.path, got.status, c.status)
	}
}

// capture sets an environment variable to the text that the first group of a
// pattern matches in stdout, or in stderr with -stderr:
//
//	capture [-stderr] VAR PATTERN
func cmdCapture(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg, "capture")
	from := "stdout"
	if len(args) > 0 && args[0] == "-stderr" {
		from, args = "stderr", args[1:]
	}
	if len(args) != 2 {
		ts.Fatalf("usage: capture [-stderr] VAR PATTERN")
	}
	re, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	match := re.FindStringSubmatch(ts.ReadFile(from))
	if len(match) != 2 {
		ts.Fatalf("%s has no match of %q with one group", from, args[1])
	}
	ts.Setenv(args[0], match[1])
}
