package accesslog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/logtest"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/result"
)

const patience = 30 * time.Second

var moment = time.Date(2026, 3, 4, 5, 6, 7, 890e6, time.FixedZone("", 3600))

// request parses a head.
func request(t testing.TB, text string) *head.Request {
	t.Helper()
	r := new(http1.Request)
	n, err := r.Parse([]byte(text), nil)
	require.Nil(t, err)
	require.Positive(t, n)
	return &r.Request
}

// served returns the result of an ordinary request.
func served(t testing.TB) *result.Result {
	return &result.Result{
		Request: request(t, "GET /a?b=c HTTP/1.1\r\nHost: example.org\r\nUser-Agent: x \"y\" \xe9\r\nReferer: http://r/\r\n\r\n"),
		Client:  netip.MustParseAddr("2001:db8::1"), Status: 200, Sent: 12, Group: "web", Worker: 3, ID: []byte("id-1"),
		Queued: 1500 * time.Microsecond, Held: 30 * time.Millisecond, Took: 2*time.Second + 42*time.Microsecond,
	}
}

func TestLines(t *testing.T) {
	refused := &result.Result{
		Request: new(head.Request), Line: []byte("G\"ET\\ /\n\x1b[2J \xff\x7f é"), Status: 400, Worker: -1, ID: []byte("i"),
		Kind: result.KindRefused, Reason: "malformed request line",
	}
	elsewhere := served(t)
	elsewhere.Kind, elsewhere.Reason, elsewhere.Status = result.KindRefused, "another host", 421
	assert.Contains(t, string(appendText(nil, elsewhere, moment, "")), `"GET /a?b=c HTTP/1.1" 421 12 `)
	assert.Contains(t, string(appendJSON(nil, elsewhere, moment, "")), `"method":"GET","target":"/a?b=c","version":"HTTP/1.1","host":"example.org"`)
	assert.Contains(t, string(new(Terminal).appendLine(nil, elsewhere, moment)), " 421 GET /a?b=c ")
	late := served(t)
	late.Kind, late.Reason = result.KindQueueLate, `the limit "gpu" was not free in time`
	secured := served(t)
	secured.TLS = "1.3"
	ranked := served(t)
	ranked.Priority, ranked.Fair = -5, result.NewFairKey("test")
	traced := served(t)
	traced.Trace = head.TraceID{1, 15: 0xff}
	failed := served(t)
	failed.Receiving = 250 * time.Millisecond
	failed.Status, failed.Sent, failed.Kind, failed.Reason, failed.Repeats = 502, 70, result.KindNoAnswer, "the worker did not answer", 2
	for _, c := range []struct {
		name       string
		record     *result.Result
		text, json string
	}{
		{"served", served(t),
			`2001:db8::1 - - [04/Mar/2026:05:06:07 +0100] "GET /a?b=c HTTP/1.1" 200 12 "http://r/" "x \x22y\x22 \xe9" group=web worker=3 took=2.000042 queued=0.001500 held=0.030000 id=id-1`,
			`{"time":"2026-03-04T05:06:07.890+01:00","client":"2001:db8::1","method":"GET","target":"/a?b=c","version":"HTTP/1.1","host":"example.org",` +
				`"status":200,"bytes":12,"took":2.000042,"queued":0.001500,"held":0.030000,"group":"web","worker":3,"id":"id-1","referer":"http://r/","user_agent":"x \"y\" ` + "\uFFFD" + `"}`},
		{"secured", secured,
			`2001:db8::1 - - [04/Mar/2026:05:06:07 +0100] "GET /a?b=c HTTP/1.1" 200 12 "http://r/" "x \x22y\x22 \xe9" group=web worker=3 took=2.000042 queued=0.001500 held=0.030000 id=id-1`,
			`{"time":"2026-03-04T05:06:07.890+01:00","client":"2001:db8::1","method":"GET","target":"/a?b=c","version":"HTTP/1.1","host":"example.org",` +
				`"tls":"1.3","status":200,"bytes":12,"took":2.000042,"queued":0.001500,"held":0.030000,"group":"web","worker":3,"id":"id-1","referer":"http://r/","user_agent":"x \"y\" ` + "\uFFFD" + `"}`},
		{"a priority and a key", ranked,
			`2001:db8::1 - - [04/Mar/2026:05:06:07 +0100] "GET /a?b=c HTTP/1.1" 200 12 "http://r/" "x \x22y\x22 \xe9" group=web worker=3 took=2.000042 queued=0.001500 held=0.030000 priority=-5 fair=9f86d081 id=id-1`,
			`{"time":"2026-03-04T05:06:07.890+01:00","client":"2001:db8::1","method":"GET","target":"/a?b=c","version":"HTTP/1.1","host":"example.org",` +
				`"status":200,"bytes":12,"took":2.000042,"queued":0.001500,"held":0.030000,"group":"web","worker":3,"priority":-5,"fair":"9f86d081","id":"id-1","referer":"http://r/","user_agent":"x \"y\" ` + "\uFFFD" + `"}`},
		{"traced", traced,
			`2001:db8::1 - - [04/Mar/2026:05:06:07 +0100] "GET /a?b=c HTTP/1.1" 200 12 "http://r/" "x \x22y\x22 \xe9" group=web worker=3 took=2.000042 queued=0.001500 held=0.030000 id=id-1 trace=010000000000000000000000000000ff`,
			`{"time":"2026-03-04T05:06:07.890+01:00","client":"2001:db8::1","method":"GET","target":"/a?b=c","version":"HTTP/1.1","host":"example.org",` +
				`"status":200,"bytes":12,"took":2.000042,"queued":0.001500,"held":0.030000,"group":"web","worker":3,"id":"id-1","trace":"010000000000000000000000000000ff","referer":"http://r/","user_agent":"x \"y\" ` + "\uFFFD" + `"}`},
		{"failed", failed,
			`2001:db8::1 - - [04/Mar/2026:05:06:07 +0100] "GET /a?b=c HTTP/1.1" 502 70 "http://r/" "x \x22y\x22 \xe9" group=web worker=3 took=2.000042 queued=0.001500 held=0.030000 receiving=0.250000 repeats=2 id=id-1 kind=no_answer reason="the worker did not answer"`,
			`{"time":"2026-03-04T05:06:07.890+01:00","client":"2001:db8::1","method":"GET","target":"/a?b=c","version":"HTTP/1.1","host":"example.org",` +
				`"status":502,"bytes":70,"took":2.000042,"queued":0.001500,"held":0.030000,"receiving":0.250000,"group":"web","worker":3,"repeats":2,"id":"id-1","referer":"http://r/","user_agent":"x \"y\" ` + "\uFFFD" + `","kind":"no_answer","reason":"the worker did not answer"}`},
		{"a reason with a name", late,
			`2001:db8::1 - - [04/Mar/2026:05:06:07 +0100] "GET /a?b=c HTTP/1.1" 200 12 "http://r/" "x \x22y\x22 \xe9" group=web worker=3 took=2.000042 queued=0.001500 held=0.030000 id=id-1 kind=queue_timeout reason="the limit 'gpu' was not free in time"`,
			`{"time":"2026-03-04T05:06:07.890+01:00","client":"2001:db8::1","method":"GET","target":"/a?b=c","version":"HTTP/1.1","host":"example.org",` +
				`"status":200,"bytes":12,"took":2.000042,"queued":0.001500,"held":0.030000,"group":"web","worker":3,"id":"id-1","referer":"http://r/","user_agent":"x \"y\" ` + "\uFFFD" + `","kind":"queue_timeout","reason":"the limit \"gpu\" was not free in time"}`},
		{"refused: nothing a client sends ends the line or a value", refused,
			`- - - [04/Mar/2026:05:06:07 +0100] "G\x22ET\x5c /\x0a\x1b[2J \xff\x7f \xc3\xa9" 400 0 "-" "-" took=0.000000 queued=0.000000 id=i kind=refused reason="malformed request line"`,
			`{"time":"2026-03-04T05:06:07.890+01:00","line":"G\"ET\\ /\u000a\u001b[2J ` + "\uFFFD" + `\u007f é","status":400,"bytes":0,"took":0.000000,"queued":0.000000,"id":"i","kind":"refused","reason":"malformed request line"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.text+"\n", string(appendText(nil, c.record, moment, "")))
			line := appendJSON(nil, c.record, moment, "")
			assert.Equal(t, c.json+"\n", string(line))
			assert.True(t, json.Valid(line))
		})
	}
}

// FuzzLine: whatever a client sends, a line stays one line, its quotes match,
// and JSON is valid.
func FuzzLine(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1"))
	f.Add([]byte("\"\\\n\r\x00\xff\xe2\x80\xa8"))
	f.Fuzz(func(t *testing.T, line []byte) {
		r := &result.Result{Request: new(head.Request), Line: line, ID: line, Worker: -1, Kind: result.KindRefused}
		text := appendText(nil, r, moment, "")
		assert.Equal(t, 1, bytes.Count(text, []byte("\n")))
		assert.Equal(t, 8, bytes.Count(text, []byte(`"`)), "three values and a reason: %q", text)
		assert.Equal(t, -1, bytes.IndexFunc(text[:len(text)-1], func(c rune) bool { return c < ' ' || c > '~' }))
		object := appendJSON(nil, r, moment, "")
		assert.Equal(t, 1, bytes.Count(object, []byte("\n")))
		require.True(t, json.Valid(object), "%q", object)
	})
}

// A gate is a standard output that accepts nothing until it is opened.
type gate struct {
	open chan struct{}
	err  error
	logtest.Text
}

func (g *gate) Write(p []byte) (int, error) {
	<-g.open
	if g.err != nil {
		return 0, g.err
	}
	return g.Text.Write(p)
}

// run runs a log until the test ends, or the returned function is called.
func run(t *testing.T, l *Log) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.Run(ctx)
	}()
	stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(stop)
	return stop
}

func soon(t *testing.T, cond func() bool, msg string) {
	t.Helper()
	require.Eventually(t, cond, patience, time.Millisecond, msg)
}

func use(t *testing.T, l *Log, p *plan.Plan) {
	t.Helper()
	target, err := l.Open(p)
	require.NoError(t, err)
	l.Use(target)
}

// TestLog_Files: lines logged before a switch are in the previous file, later
// ones in the next file, and all of them are there at the end.
func TestLog_Files(t *testing.T) {
	dir := t.TempDir()
	l := New(Options{Log: slog.New(slog.DiscardHandler)})
	stop := run(t, l)
	l.Observe(served(t)) // the log is off
	for i, name := range []string{"a", "b", "a"} {
		use(t, l, &plan.Plan{AccessLog: plan.AccessLog(filepath.Join(dir, name)), LogFormat: plan.LogText})
		for range 10 * (i + 1) {
			l.Observe(served(t))
		}
	}
	stop()
	for name, want := range map[string]int{"a": 40, "b": 20} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, want, strings.Count(string(got), "\n"), name)
	}
	l.Observe(served(t)) // after the end: nothing happens
}

func TestLog_OpenFails(t *testing.T) {
	l := New(Options{Log: slog.New(slog.DiscardHandler)})
	_, err := l.Open(&plan.Plan{AccessLog: plan.AccessLog(t.TempDir())})
	require.ErrorContains(t, err, "is a folder: name a file")
	missing := filepath.Join(t.TempDir(), "no", "log")
	_, err = l.Open(&plan.Plan{AccessLog: plan.AccessLog(missing)})
	require.ErrorContains(t, err, "create the folder "+filepath.Dir(missing)+" first")
}

// TestLog_Special: a file that is not regular is opened without blocking, or
// refused.
func TestLog_Special(t *testing.T) {
	dir := t.TempDir()
	open := func(path string) (*Target, error) {
		return New(Options{Log: slog.New(slog.DiscardHandler)}).open(plan.AccessLog(path))
	}
	fifo := filepath.Join(dir, "fifo")
	require.NoError(t, unix.Mkfifo(fifo, 0o600))
	_, err := open(fifo)
	require.ErrorContains(t, err, "is a FIFO that nobody reads: start its reader first")

	reader, err := os.OpenFile(fifo, os.O_RDONLY|unix.O_NONBLOCK, 0)
	require.NoError(t, err)
	defer reader.Close()
	target, err := open(fifo)
	require.NoError(t, err)
	_, err = target.out.Write([]byte("line\n"))
	require.NoError(t, err)
	require.NoError(t, target.Close())
	got, err := io.ReadAll(reader)
	require.NoError(t, err)
	assert.Equal(t, "line\n", string(got))

	target, err = open("/dev/null")
	require.NoError(t, err)
	_, err = target.out.Write([]byte("line\n"))
	require.NoError(t, err)
	require.NoError(t, target.Close())

	socket := filepath.Join(dir, "socket")
	listener, err := net.Listen("unix", socket)
	require.NoError(t, err)
	defer listener.Close()
	_, err = open(socket)
	require.ErrorContains(t, err, "is a socket: name a file")
}

// TestLog_SlowReader: a reader that is too slow costs lines, which is reported
// once; the lines that are written are complete.
func TestLog_SlowReader(t *testing.T) {
	var told logtest.Text
	out := &gate{open: make(chan struct{})}
	l := New(Options{Log: slog.New(slog.NewTextHandler(&told, nil)), Stdout: out})
	use(t, l, &plan.Plan{AccessLog: plan.AccessLogStdout})
	stop := run(t, l)
	rec := served(t)
	size := len(appendText(nil, rec, moment, ""))
	const more = 1000
	for range 2*maxBuffer/size + more { // one buffer is being written, and one is full
		l.Observe(rec)
	}
	assert.GreaterOrEqual(t, l.Lost(), uint64(more), "they count while the reader takes nothing")
	close(out.open)
	soon(t, func() bool { return strings.Contains(told.String(), "lines are lost") }, "told")
	assert.Contains(t, told.String(), "it is read too slowly")
	for range maxBuffer / size { // more are lost, within ten seconds of the message
		l.Observe(rec)
	}
	stop()
	written := 0
	for line := range strings.Lines(out.String()) {
		require.True(t, strings.HasSuffix(line, " id=id-1\n"), "%q", line)
		written++
	}
	lost := 0
	for _, m := range regexp.MustCompile(`(?:lines|lost)=(\d+)`).FindAllStringSubmatch(told.String(), -1) {
		n, err := strconv.Atoi(m[1])
		require.NoError(t, err)
		lost += n
	}
	assert.Equal(t, 2*maxBuffer/size+more+maxBuffer/size, written+lost, "every line is written or counted")
	assert.EqualValues(t, lost, l.Lost())
}

// TestLog_NobodyReads: the end does not wait forever.
func TestLog_NobodyReads(t *testing.T) {
	var told logtest.Text
	out := &gate{open: make(chan struct{})}
	t.Cleanup(func() { close(out.open) })
	l := New(Options{Log: slog.New(slog.NewTextHandler(&told, nil)), Stdout: out})
	use(t, l, &plan.Plan{AccessLog: plan.AccessLogStdout})
	l.Observe(served(t))
	run(t, l)()
	assert.Contains(t, told.String(), "access log not completely written")
}

// TestLog_Recovers: an error is reported, and so is its end.
func TestLog_Recovers(t *testing.T) {
	var told logtest.Text
	out := &gate{open: make(chan struct{}), err: errors.New("disk full")}
	close(out.open)
	l := New(Options{Log: slog.New(slog.NewTextHandler(&told, nil)), Stdout: out})
	use(t, l, &plan.Plan{AccessLog: plan.AccessLogStdout})
	run(t, l)
	l.Observe(served(t))
	soon(t, func() bool { return strings.Contains(told.String(), `lines=1 err="disk full"`) }, "told")
	use(t, l, &plan.Plan{AccessLog: plan.AccessLog(filepath.Join(t.TempDir(), "log"))})
	l.Observe(served(t))
	soon(t, func() bool { return strings.Contains(told.String(), "access log is written again") }, "told")
}

func TestObserve_NoAllocations(t *testing.T) {
	l := New(Options{Log: slog.New(slog.DiscardHandler), Stdout: new(logtest.Text)})
	use(t, l, &plan.Plan{AccessLog: plan.AccessLogStdout, LogFormat: plan.LogJSON})
	rec := served(t)
	assert.Zero(t, testing.AllocsPerRun(1000, func() { l.Observe(rec) }))
}

func BenchmarkObserve(b *testing.B) {
	for name, p := range map[string]*plan.Plan{
		"off":  {},
		"text": {AccessLog: plan.AccessLogStdout, LogFormat: plan.LogText},
		"json": {AccessLog: plan.AccessLogStdout, LogFormat: plan.LogJSON},
	} {
		b.Run(name, func(b *testing.B) {
			l := New(Options{Log: slog.New(slog.DiscardHandler), Stdout: io.Discard})
			target, err := l.Open(p)
			require.NoError(b, err)
			l.Use(target)
			rec := served(b)
			b.ReportAllocs()
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan struct{})
			go func() {
				defer close(done)
				l.Run(ctx)
			}()
			for b.Loop() {
				l.Observe(rec)
			}
			cancel()
			<-done
		})
	}
}

// TestCheck: Check finds what Open would fail to open, and creates nothing.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, Check(plan.AccessLogOff))
	require.NoError(t, Check(plan.AccessLogStdout))
	require.NoError(t, Check(plan.AccessLog(filepath.Join(dir, "log"))))
	require.NoFileExists(t, filepath.Join(dir, "log"))
	require.ErrorContains(t, Check(plan.AccessLog(dir)), "is a folder: name a file")
	require.ErrorContains(t, Check(plan.AccessLog(filepath.Join(dir, "no", "log"))), "create the folder first")
}
