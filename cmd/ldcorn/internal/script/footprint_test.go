//go:build linux

package script

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// A footprint is what a master takes of the machine, but for memory.
type footprint struct {
	descriptors int
	goroutines  int
	workers     int // processes
	files       int // in its runtime directory: sockets and records
}

var (
	adminOpen      = regexp.MustCompile(`msg="admin listener open" addr=(\S+)`)
	goroutineCount = regexp.MustCompile(`(?m)^go_goroutines (\d+)$`)
)

// look takes a footprint. It needs an admin listener.
func (s *script) look(ts *testscript.TestScript, srv *server) footprint {
	f := footprint{descriptors: descriptors(ts, srv.cmd.Process.Pid)}
	var err error
	f.goroutines, err = strconv.Atoi(match(ts, goroutineCount, scrape(ts, srv)))
	ts.Check(err)
	for _, p := range s.processes() {
		if p.Group != "" {
			f.workers++
		}
	}
	files, err := filepath.Glob(filepath.Join(s.runDir, "ldcorn", "*", "*"))
	ts.Check(err)
	f.files = len(files)
	return f
}

// descriptors counts those of a process, without pipes that it has both ends
// of: an event loop keeps some of them for the next body that it splices.
func descriptors(ts *testscript.TestScript, pid int) int {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	fds, err := os.ReadDir(dir)
	ts.Check(err)
	ends := make(map[string]int) // by pipe
	count := 0
	for _, fd := range fds {
		to, err := os.Readlink(filepath.Join(dir, fd.Name()))
		if err != nil {
			continue // closed since
		}
		count++
		if strings.HasPrefix(to, "pipe:") {
			ends[to]++
		}
	}
	pairs := 0
	for _, n := range ends {
		if n == 2 {
			pairs++
		}
	}
	return count - 2*min(pairs, keptPipes())
}

// keptPipes is how many pipes the event loops of a master keep at most: each
// has sixteen, and there is one loop for four processors. More are a leak.
func keptPipes() int { return 16 * max(runtime.NumCPU()/4, 1) }

// scrape returns the metrics of a master.
func scrape(ts *testscript.TestScript, srv *server) string {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: harness.Patience}
	resp, err := client.Get("http://" + match(ts, adminOpen, string(srv.log.All())) + "/metrics")
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	return string(body)
}

// match returns what the first group of a pattern matches.
func match(ts *testscript.TestScript, re *regexp.Regexp, text string) string {
	m := re.FindStringSubmatch(text)
	if m == nil {
		ts.Fatalf("%q is not in:\n%s", re, text)
	}
	return m[1]
}

// least is the smallest footprint of many looks: what was closed takes some
// time to be gone, and a look itself takes something.
func (s *script) least(ts *testscript.TestScript, srv *server) footprint {
	const enough = 20 // looks in a row that find nothing less
	now := s.look(ts, srv)
	for times := 0; times < enough; times++ {
		next := s.look(ts, srv)
		if next.descriptors < now.descriptors || next.goroutines < now.goroutines {
			times = 0
		}
		now.descriptors, now.goroutines = min(now.descriptors, next.descriptors), min(now.goroutines, next.goroutines)
		now.workers, now.files = next.workers, next.files
	}
	return now
}

// awaitFootprint waits until a master takes no more than it did before, each
// thing at some moment, as for least: what is left over never goes.
func (s *script) awaitFootprint(ts *testscript.TestScript, srv *server, before footprint) {
	now := s.look(ts, srv)
	back := harness.Until(func() bool {
		next := s.look(ts, srv)
		next.descriptors, next.goroutines = min(now.descriptors, next.descriptors), min(now.goroutines, next.goroutines)
		now = next
		return now.descriptors <= before.descriptors && now.goroutines <= before.goroutines &&
			now.workers == before.workers && now.files == before.files
	})
	fmt.Fprintf(ts.Stdout(), "footprint before %+v\nfootprint after  %+v\n", before, now)
	if !back {
		ts.Fatalf("something is left over")
	}
}
