package masterlog

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/worker"
)

// aTraceback is what a worker writes whose app has an error.
func aTraceback(exception string) []string {
	return []string{
		"Traceback (most recent call last):",
		`  File "/usr/lib/python3.11/asyncio/runners.py", line 1, in run`,
		"    return x",
		`  File "/srv/main.py", line 2, in <module>`,
		"    y",
		exception,
	}
}

// fail makes a worker write lines and exit.
func fail(out worker.Output, group string, index, pid int, lines ...string) {
	src := worker.Source{Group: group, Worker: index, PID: pid}
	for _, line := range lines {
		out.Line(src, worker.Stderr, []byte(line))
	}
	out.End(src)
}

// lessTime replaces the times of the lines of a log.
func lessTime(text string) string {
	return regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d`).ReplaceAllString(text, "TIME")
}

// TestOneTraceback checks that a traceback that several workers have in common is
// shown once, folded, with their number, and that the book has all of them.
func TestOneTraceback(t *testing.T) {
	text, kept := written(Options{Terminal: true}, func(l *Log) {
		out, log := l.Output(), l.Logger()
		for i := range 5 {
			fail(out, "web", i, 100+i, aTraceback("KeyError: 'x'")...)
			log.With("group", "web").Warn("start failed, trying again", "worker", i, "err", errors.New("exit code 1"), "hint", "h")
		}
		for i := range 4 {
			fail(out, "ml", i, 200+i, aTraceback("KeyError: 'x'")...)
			fail(out, "ml", i, 300+i, aTraceback("KeyError: 'x'")...) // the start is repeated
		}
		log.Error("failed", "err", errors.New("all"))
	})
	assert.Equal(t, `TIME web.0 | Traceback (most recent call last):
TIME web.0 |   File "/srv/main.py", line 2, in <module>
TIME web.0 |     y
TIME web.0 |   … 1 frame of asyncio (-v shows all)
TIME web.0 | KeyError: 'x'
TIME warning: web.0: start failed, trying again: exit code 1
TIME 8 more workers failed with the same error
TIME error: failed: all
`, lessTime(text))
	assert.Equal(t, 13, strings.Count(kept(), "KeyError: 'x'"))
}

// TestDifferentTracebacks checks that each of several errors is shown once, and
// again after a reload.
func TestDifferentTracebacks(t *testing.T) {
	text, _ := written(Options{Terminal: true}, func(l *Log) {
		out, log := l.Output(), l.Logger()
		l.Serving()
		for round := range 2 {
			if round > 0 {
				log.Info("reload started")
			}
			for i, e := range []string{"KeyError: 'x'", "E: 2", "KeyError: 'x'", "E: 2", "E: 2"} {
				fail(out, "web", i, 10*round+i, aTraceback(e)...)
			}
		}
		log.Error("reload failed", "group", "web", "worker", 1, "err", errors.New("exit code 1"), "hint", "h", "stderr", strings.Join(aTraceback("E: 2"), "\n"))
	})
	text = lessTime(text)
	assert.Equal(t, 2, strings.Count(text, "web.0 | KeyError: 'x'\n"), text)
	assert.Equal(t, 2, strings.Count(text, "web.1 | E: 2\n"), text)
	assert.Equal(t, 4, strings.Count(text, "(ldcorn logs web -v shows all)\n"), text)
	assert.Equal(t, 2, strings.Count(text, "TIME 1 more worker failed with the same error: KeyError: 'x'\nTIME 2 more workers failed with the same error: E: 2\n"), text)
	assert.Contains(t, text, "error: web.1: reload failed: exit code 1; it wrote: E: 2\n         hint: h\n")
}

// TestUvicornErrors checks that an error that Uvicorn reports is one line.
func TestUvicornErrors(t *testing.T) {
	text, _ := written(Options{Terminal: true}, func(l *Log) {
		for i := range 3 {
			fail(l.Output(), "web", i, i+1, "loading", "", "Usage: of the app", `ERROR:    Error loading ASGI app. Could not import module "main".`)
			fail(l.Output(), "api", i, i+9, "Usage: python -m uvicorn [OPTIONS] APP", "Try 'x --help' for help.", "", "Error: No such option: -x")
			fail(l.Output(), "ml", i, i+20, append(aTraceback("E: 1"), "ERROR:    Application startup failed. Exiting.")...)
		}
	})
	text = lessTime(text)
	for _, once := range []string{`web.0 | ERROR:    Error loading`, "api.0 | Error", "ml.0 | E: 1"} {
		assert.Equal(t, 1, strings.Count(text, once), once)
	}
	assert.Equal(t, 3, strings.Count(text, "| loading\n"))
	assert.Equal(t, 3, strings.Count(text, "| \nTIME web."), "an empty line of the app stays")
	assert.Equal(t, 3, strings.Count(text, "| Usage: of the app\n"))
	assert.Equal(t, 3, strings.Count(text, "2 more workers failed with the same error: "), text)
	for _, no := range []string{"OPTIONS", "Try", "api.0 | \n", "startup failed"} {
		assert.NotContains(t, text, no)
	}
}

// TestWholeTracebacks checks that every line is shown with -v, in JSON, off a
// terminal, and of a worker that serves.
func TestWholeTracebacks(t *testing.T) {
	for name, c := range map[string]struct {
		opts  Options
		ready bool
	}{
		"verbose": {Options{Terminal: true, Verbose: true}, false}, "JSON": {Options{Terminal: true, Format: JSON}, false},
		"file": {Options{}, false}, "ready": {Options{Terminal: true}, true},
	} {
		t.Run(name, func(t *testing.T) {
			text, _ := written(c.opts, func(l *Log) {
				out := l.Output()
				for i := range 2 {
					src := worker.Source{Group: "web", Worker: i, PID: i, Ready: c.ready}
					for _, line := range aTraceback("E: 1") {
						out.Line(src, worker.Stderr, []byte(line))
					}
					out.End(src)
				}
			})
			assert.Equal(t, 12, strings.Count(text, "\n"), text)
		})
	}
}

// TestHeldTraceback checks that a traceback of a worker that goes on is shown
// soon, also if the worker becomes ready, and that an unfinished one is shown at
// the end.
func TestHeldTraceback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text, _ := written(Options{Terminal: true}, func(l *Log) {
			out := l.Output()
			src := worker.Source{Group: "web", PID: 1}
			say := func(lines ...string) {
				for _, line := range lines {
					out.Line(src, worker.Stderr, []byte(line))
				}
			}
			shown := func() string {
				l.failures.mu.Lock()
				defer l.failures.mu.Unlock()
				return fmt.Sprint(len(l.failures.order))
			}
			say(aTraceback("E: 1")...)
			assert.Equal(t, "0", shown())
			time.Sleep(2 * patience)
			synctest.Wait()
			assert.Equal(t, "1", shown())
			say(aTraceback("E: 2")[:3]...)
			time.Sleep(2 * patience)
			synctest.Wait()
			assert.Equal(t, "1", shown(), "its exception has not come yet")
			time.Sleep(2 * framePatience)
			synctest.Wait()
			assert.Equal(t, "2", shown())
			say(aTraceback("E: 3")...)
			src.Ready = true
			say("now ready")
			assert.Equal(t, "3", shown())
			src.Ready, src.PID = false, 2
			say(aTraceback("E: 4")...)
		})
		assert.Regexp(t, "(?s)E: 1.*asyncio.*E: 3\n[^\n]*now ready\n.*E: 4\n$", text)
	})
}

// TestManyErrors checks that what is remembered of errors is bounded.
func TestManyErrors(t *testing.T) {
	written(Options{Terminal: true}, func(l *Log) {
		for i := range 10 * maxReports {
			fail(l.Output(), "web", i%3, i, aTraceback(fmt.Sprint("E: ", i))...)
			l.Logger().Warn("start failed, trying again", "group", "web", "err", fmt.Errorf("%d", i))
		}
		assert.LessOrEqual(t, len(l.failures.reports), maxReports)
		assert.LessOrEqual(t, len(l.failures.order), maxReports)
		assert.LessOrEqual(t, len(l.failures.retries), maxReports)
		assert.Empty(t, l.failures.open)
	})
}

// TestTracebackInMessage checks that a worker counts once, even if the message of its
// exception looks as another traceback.
func TestTracebackInMessage(t *testing.T) {
	text, _ := written(Options{Terminal: true}, func(l *Log) {
		for i := range 3 {
			fail(l.Output(), "web", i, 100+i, append(aTraceback("ValueError: a"), "Traceback (most recent call last):", "b")...)
		}
		l.Logger().Error("failed", "err", errors.New("all"))
	})
	text = lessTime(text)
	assert.Contains(t, text, "TIME 2 more workers failed with the same error: ValueError: a\n")
	assert.Equal(t, 1, strings.Count(text, "failed with the same error"), text)
}
