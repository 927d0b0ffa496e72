package masterlog

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/worker"
)

func TestTerminal(t *testing.T) {
	text, kept := written(Options{Terminal: true}, func(l *Log) {
		log := l.Logger()
		log.Info("starting", "version", "1")
		log.With("group", "web").Info("worker state changed", "worker", 0)
		out := l.Output()
		src := worker.Source{Group: "web", Worker: 1, PID: 7}
		out.Line(src, worker.Stderr, []byte("\x1b[32mINFO\x1b[0m:     Started server process [\x1b[36m7\x1b[0m]"))
		out.Line(src, worker.Stderr, []byte("INFO:     Waiting for application startup."))
		out.Line(src, worker.Stderr, []byte("INFO:     ASGI 'lifespan' protocol appears unsupported."))
		out.Line(src, worker.Stderr, []byte("INFO:     Waiting for connections to close. (CTRL+C to force quit)"))
		out.Line(src, worker.Stdout, []byte("hello"))
		l.Serving()
		log.Info("listening", "addr", "127.0.0.1:1")
		log.With("group", "web").WithGroup("g").Warn("worker crashed", slog.Int("crashes", 1))
		log.With("group", "web").Warn("worker crashed", "worker", 1, "crashes", 2, "restart_in", 1500*time.Millisecond,
			"err", errors.New("exit code 3; it wrote:\n    one"))
		log.Error("reload failed", "err", errors.New("one\ntwo\x1b"), "reason", "all stays", "hint", "do it", "text", "a b")
		log.Warn("configuration warning", "at", "c.star:1:2", "code", "W1", "reason", "never taken")
		log.Error("reload failed", "err", errors.New("one."), "stderr", "two.", "reason", "all stays")
		log.Info("group applied", "group", "web", "change", "keep", "reason", "the same")
		log.Info("group will be resized", "group", "web", "reason", "2 -> 3")
		log.Warn("start failed, trying again", "group", "web", "worker", 0, "restart_in", 0*time.Second, "err", errors.New("no"))
		log.Info("stopping", "reason", "asked to stop: ldcorn stop")
		log.Info("finishing requests", "requests", 2, "shutdown_timeout", 10*time.Second, "hint", "another TERM or INT cuts them")
		log.Info("finishing requests", "requests", 1, "shutdown_timeout", 10*time.Second, "hint", "TERM or INT twice cuts them")
		log.Debug("not this")
	})
	want := `TIME web.1 | hello
TIME listening (addr=127.0.0.1:1)
TIME warning: web: worker crashed (g.crashes=1)
         hint: ldcorn logs web shows its output
TIME warning: web.1: worker crashed: exit code 3 (crashes=2, starts again in 1.5s)
         hint: ldcorn logs web shows its output
TIME error: reload failed: all stays (text="a b")
    one
    two\x1b
         hint: do it
TIME error: reload failed: one; it wrote: two; all stays
TIME warning: c.star:1:2: never taken (code=W1)
TIME web: kept: the same
TIME web: will be resized: 2 -> 3
TIME stopping: ldcorn stop
TIME finishing 2 requests, for at most 10s
         hint: Ctrl-C again cuts them
TIME finishing 1 request, for at most 10s
         hint: TERM or INT twice cuts them
`
	for _, line := range strings.Split(strings.TrimSuffix(want, "\n"), "\n") {
		assert.Contains(t, text, strings.TrimPrefix(line, "TIME "))
	}
	assert.Equal(t, strings.Count(want, "\n"), strings.Count(text, "\n"), text)
	assert.Regexp(t, `^\d\d:\d\d:\d\d web`, text)
	assert.NotContains(t, kept(), "TIME")
	for _, all := range []string{"msg=starting", "worker state changed", "web.1[7] | INFO:     Started", "web.1[7] | hello"} {
		assert.Contains(t, kept(), all)
	}
}

// TestTerminal_Width checks that records are broken between words, and that their hints
// have lines of their own.
func TestTerminal_Width(t *testing.T) {
	text, _ := written(Options{Terminal: true, Colored: true, Width: func() int { return 44 }}, func(l *Log) {
		l.Logger().Error("reload failed", "group", "web", "err", errors.New("one two three four five six seven"), "hint", "seven six five four three two one")
	})
	for _, color := range []string{dim, red, reset} {
		text = strings.ReplaceAll(text, color, "")
	}
	assert.Equal(t, " error: web: reload failed: one two\n         three four five six seven\n"+
		"         hint: seven six five four three two\n               one\n", text[len("00:00:00"):])

	assert.Equal(t, strings.Repeat("x", 60), fold(strings.Repeat("x", 60), 9, 40), "a word is kept whole")
	assert.Equal(t, "", fold("", 9, 40))
	assert.Equal(t, "  a  b ", fold("  a  b ", 9, 40))
}

// TestRequestsAreLostFirst checks that lines of requests that a terminal does not
// take displace none of the master's.
func TestRequestsAreLostFirst(t *testing.T) {
	r, pipe := io.Pipe() // blocks until the test reads
	log := New(Options{Out: pipe, Terminal: true})
	line := append(bytes.Repeat([]byte("y"), 1<<16-1), '\n')
	for range 60 {
		_, err := log.Requests().Write(line)
		require.NoError(t, err)
	}
	log.Logger().Warn("still here")
	read := make(chan []byte)
	go func() {
		all, _ := io.ReadAll(r)
		read <- all
	}()
	log.Close()
	require.NoError(t, pipe.Close())
	told := string(bytes.ReplaceAll(<-read, line, nil))
	assert.Contains(t, told, "warning: still here\n")
	assert.Regexp(t, `warning: \d+ lines are missing here: this was read too slowly\n`, told)
	text, _ := log.Book().Read(nil, -1).Take(nil)
	assert.NotContains(t, string(text), "yyy")
}
