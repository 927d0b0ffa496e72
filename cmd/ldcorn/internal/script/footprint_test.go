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

// A footprint is what a master uses of the machine, except memory.
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

// look takes a footprint. The master must have an admin listener.
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

// descriptors counts the descriptors of a process, except pipes of which it has
// both ends: an event loop keeps some of them for the next body that it
// splices.
func descriptors(ts *testscript.TestScript, pid int) int {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	fds, err := os.ReadDir(dir)
	ts.Check(err)
	ends := make(map[string]int) // keyed by pipe
	count := 0
	for _, fd := range fds {
		to, err := os.Readlink(filepath.Join(dir, fd.Name()))
		if err != nil {
			continue // closed meanwhile
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

// keptPipes returns how many pipes the event loops of a master keep at most:
// each keeps sixteen, and there is one loop per four processors. More are a
// leak.
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

// match returns the text that the first group of a pattern matches.
func match(ts *testscript.TestScript, re *regexp.Regexp, text string) string {
	m := re.FindStringSubmatch(text)
	if m == nil {
		ts.Fatalf("%q is not in:\n%s", re, text)
	}
	return m[1]
}

// least returns the smallest values of many footprints: closed things take a
// while to disappear, and taking a footprint uses something itself.
func (s *script) least(ts *testscript.TestScript, srv *server) footprint {
	const enough = 20 // footprints in a row that find nothing smaller
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

// awaitFootprint waits until a master uses no more than before. As in least, each
// value counts at its own moment. A leak never goes away.
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
