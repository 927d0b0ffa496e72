package accesslog

import (
	"encoding/json"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/logtest"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/result"
)

// TestWay_Keeps: only requests that went well and fast are sampled, and their lines say
// so.
func TestWay_Keeps(t *testing.T) {
	w := &way{sample: math.SmallestNonzeroFloat64, slow: time.Second}
	for _, r := range []result.Result{
		{Status: 404}, {Status: 500}, {Status: 101}, {Status: result.StatusGone}, {Status: 200, Kind: result.KindCut},
		{Status: 200, Took: time.Second}, {Status: 302, Took: time.Hour},
	} {
		keep, sampled := w.keeps(&r)
		assert.True(t, keep, r)
		assert.False(t, sampled, r)
	}
	for _, r := range []result.Result{{Status: 200}, {Status: 304, Took: time.Second - 1}} {
		keep, _ := w.keeps(&r)
		assert.False(t, keep, r)
	}
	w.slow = 0
	keep, _ := w.keeps(&result.Result{Status: 200, Took: time.Hour})
	assert.False(t, keep, "nothing is slow")
	w.sample = 1
	keep, sampled := w.keeps(&result.Result{Status: 200})
	assert.True(t, keep)
	assert.False(t, sampled)
}

// TestLog_CountsCanBeRebuilt: the lines, each as often as it says, are about as many as
// the requests, and all those of errors are there.
func TestLog_CountsCanBeRebuilt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := New(Options{Log: slog.New(slog.DiscardHandler)})
	stop := run(t, l)
	use(t, l, &plan.Plan{AccessLog: plan.AccessLog(path), LogFormat: plan.LogJSON, LogFields: []plan.LogField{plan.LogStatus}, LogSample: 0.1})
	fine, failed := &result.Result{Status: 200, Worker: -1}, &result.Result{Status: 502, Worker: -1, Kind: result.KindNoAnswer}
	const requests, errors = 50_000, 100
	for i := range requests {
		l.Observe(fine)
		if i < errors {
			l.Observe(failed)
		}
	}
	stop()
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	sum, lines, bad := 0.0, 0, 0
	for line := range strings.Lines(string(got)) {
		var of struct {
			Status int
			Sample float64
		}
		require.NoError(t, json.Unmarshal([]byte(line), &of))
		lines++
		if of.Status == 502 {
			bad++
			assert.Zero(t, of.Sample)
			continue
		}
		assert.InDelta(t, 0.1, of.Sample, 1e-9)
		sum += 1 / of.Sample
	}
	assert.Equal(t, errors, bad)
	assert.InDelta(t, requests, sum, requests/10, "fifteen standard deviations")
	assert.Less(t, lines, requests/5)
}

// logs returns the lines in the files of a folder, by name.
func logs(t *testing.T, dir string) map[string]int {
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	out := map[string]int{}
	for _, f := range files {
		got, err := os.ReadFile(filepath.Join(dir, f.Name()))
		require.NoError(t, err)
		out[f.Name()] = strings.Count(string(got), "\n")
	}
	return out
}

// TestLog_Groups: a group can have a file of its own, share one, or have no lines; the
// terminal shows its requests unless it has none.
func TestLog_Groups(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) plan.AccessLog { return plan.AccessLog(filepath.Join(dir, name)) }
	var shown logtest.Text
	l := New(Options{Log: slog.New(slog.DiscardHandler), Terminal: &Terminal{Out: &shown, ASCII: true}})
	stop := run(t, l)
	p := &plan.Plan{AccessLog: file("main"), Groups: []*plan.Group{
		{Name: "own", AccessLog: file("own")}, {Name: "off", AccessLog: plan.AccessLogOff}, {Name: "same", AccessLog: file("main")},
		{Name: "fields", LogFields: []plan.LogField{plan.LogGroup}},
	}}
	use(t, l, p)
	for i, group := range []string{"own", "off", "same", "fields", "other", ""} {
		for range i + 1 {
			l.Observe(&result.Result{Request: served(t).Request, Status: 200, Group: group, Worker: -1})
		}
	}
	use(t, l, &plan.Plan{AccessLog: plan.AccessLogOff, Groups: []*plan.Group{{Name: "off", AccessLog: file("later")}}})
	l.Observe(&result.Result{Request: served(t).Request, Status: 200, Group: "own", Worker: -1})
	l.Observe(&result.Result{Request: served(t).Request, Status: 200, Group: "off", Worker: -1})
	stop()
	assert.Equal(t, map[string]int{"main": 3 + 4 + 5 + 6, "own": 1, "later": 1}, logs(t, dir))
	got, err := os.ReadFile(filepath.Join(dir, "main"))
	require.NoError(t, err)
	assert.Equal(t, 4, strings.Count(string(got), "\ngroup=fields\n")+strings.Count(string(got), "group=fields\ngroup=fields\n"))
	assert.Equal(t, 1+3+4+5+6+1, strings.Count(shown.String(), "\n"))
	assert.NotContains(t, shown.String()[:strings.LastIndex(strings.TrimSpace(shown.String()), "\n")], "-> off")
}

// TestLog_OpensAllOrNone: if the file of one group cannot be opened, none is in use.
func TestLog_OpensAllOrNone(t *testing.T) {
	dir := t.TempDir()
	l := New(Options{Log: slog.New(slog.DiscardHandler)})
	_, err := l.Open(&plan.Plan{AccessLog: plan.AccessLog(filepath.Join(dir, "main")), Groups: []*plan.Group{{Name: "g", AccessLog: plan.AccessLog(dir)}}})
	require.ErrorContains(t, err, "is a folder: name a file")
	require.NoError(t, (*Opening)(nil).Close())
}

// TestLog_SwitchLosesNothing: while reloads move the lines of a group between files,
// every line is written once.
func TestLog_SwitchLosesNothing(t *testing.T) {
	dir := t.TempDir()
	l := New(Options{Log: slog.New(slog.DiscardHandler)})
	stop := run(t, l)
	planTo := func(name string) *plan.Plan {
		return &plan.Plan{AccessLog: plan.AccessLog(filepath.Join(dir, "main")), LogFormat: plan.LogJSON,
			Groups: []*plan.Group{{Name: "web", AccessLog: plan.AccessLog(filepath.Join(dir, name))}}}
	}
	use(t, l, planTo("0"))
	const writers, each = 4, 3000
	var busy sync.WaitGroup
	for range writers {
		busy.Go(func() {
			r := served(t)
			for range each {
				l.Observe(r)
			}
		})
	}
	for i := range 30 {
		use(t, l, planTo(string(rune('a'+i%3))))
		l.Reopen()
	}
	busy.Wait()
	stop()
	lines := 0
	for _, n := range logs(t, dir) {
		lines += n
	}
	assert.Equal(t, writers*each, lines)
}

// TestReopen_AllFiles: each file is reopened.
func TestReopen_AllFiles(t *testing.T) {
	dir := t.TempDir()
	var told logtest.Text
	l := New(Options{Log: slog.New(slog.NewTextHandler(&told, nil))})
	stop := run(t, l)
	use(t, l, &plan.Plan{AccessLog: plan.AccessLog(filepath.Join(dir, "main")), Groups: []*plan.Group{{Name: "web", AccessLog: plan.AccessLog(filepath.Join(dir, "web"))}}})
	for _, name := range []string{"main", "web"} {
		require.NoError(t, os.Rename(filepath.Join(dir, name), filepath.Join(dir, name+".1")))
	}
	l.Reopen()
	l.Observe(served(t))
	stop()
	assert.Contains(t, told.String(), `msg="logs reopened" files=2`)
	assert.Equal(t, map[string]int{"main": 0, "web": 1, "main.1": 0, "web.1": 0}, logs(t, dir))
}

func TestObserve_ChosenFieldsAllocateNothing(t *testing.T) {
	fields := append([]plan.LogField{"request.header:user-agent", "response.header:content-type"}, plan.LogFieldNames...)
	for _, format := range []plan.LogFormat{plan.LogText, plan.LogJSON} {
		l := New(Options{Log: slog.New(slog.DiscardHandler), Stdout: new(logtest.Text)})
		use(t, l, &plan.Plan{AccessLog: plan.AccessLogStdout, LogFormat: format, LogFields: fields, LogSample: 0.9})
		rec := full(t)
		rec.Kind, rec.Answer = "", []byte("content-type: text/plain\r\n")
		assert.Zero(t, testing.AllocsPerRun(1000, func() { l.Observe(rec) }), format)
	}
}
