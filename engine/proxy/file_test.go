package proxy

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/filework"
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/static"
)

const largeFile = 3<<20 + 17

// filesPlan returns a plan with a folder of files, and the group "app" for the rest.
func filesPlan(t testing.TB) (p *plan.Plan, dir string) {
	dir = t.TempDir()
	when := time.Now().Add(-time.Hour)
	for name, content := range map[string]string{
		"a.txt": "hello", "empty": "", "large": strings.Repeat("0123456789abcdef", largeFile/16) + "end", "sub/index.html": "<p>", "a.txt.gz": "packed", ".env": "secret",
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
		require.NoError(t, os.Chtimes(path, when, when))
	}
	p = planOf(t, map[string]string{"app": "*"})
	p.ResponseHeaders = []plan.HeaderEdit{edit(t, plan.HeaderSet, "X-All", "1"), edit(t, plan.HeaderRemove, "Accept-Ranges", "")}
	p.Statics = []plan.Static{
		{Prefix: "/assets", Dir: dir, Index: "index.html", CacheControl: "max-age=60", Precompressed: true},
		{Prefix: "/assets/pass", Dir: dir, Fallthrough: true},
		{Prefix: "/", Dir: dir, Fallthrough: true},
	}
	return p, dir
}

func get(target string, fields ...string) string { return of("GET", target, fields...) }

func of(method, target string, fields ...string) string {
	return method + " " + target + " HTTP/1.1\r\nHost: a\r\n" + strings.Join(append(fields, ""), "\r\n") + "\r\n"
}

// TestFiles checks the answers with files, one after the other on one connection.
func TestFiles(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p, dir := filesPlan(t)
		recs := new(records)
		r := newRig(t, driver, p, func(o *Options) { o.Observer = recs })
		r.worker("app", answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\napp"))
		large, err := os.ReadFile(filepath.Join(dir, "large"))
		require.NoError(t, err)
		c := r.client()
		tag := ""
		for _, x := range []struct {
			ask, status, body string
			has, lacks        []string
		}{
			{get("/assets/a.txt"), "200", "hello", []string{"Content-Type: text/plain; charset=utf-8", "X-Content-Type-Options: nosniff", "Cache-Control: max-age=60", "Vary: Accept-Encoding", "Content-Length: 5", "X-All: 1", "Last-Modified: ", "Etag: ", "Date: ", "X-Request-Id: "}, []string{"Content-Encoding", "Accept-Ranges"}},
			{get("/assets/a.txt", "Accept-Encoding: gzip"), "200", "packed", []string{"Content-Encoding: gzip", "Content-Type: text/plain; charset=utf-8"}, nil},
			{of("HEAD", "/assets/a.txt"), "200", "", []string{"Content-Length: 5", "Etag: "}, nil},
			{of("HEAD", "/assets/large"), "200", "", []string{fmt.Sprint("Content-Length: ", len(large))}, nil},
			{get("/assets/empty"), "200", "", []string{"Content-Length: 0", "Content-Type: application/octet-stream"}, nil},
			{get("/assets/large"), "200", string(large), nil, nil},
			{get("/assets/large", "Range: bytes=100000-2999999"), "206", string(large[100000:3000000]), []string{fmt.Sprint("Content-Range: bytes 100000-2999999/", len(large)), "Content-Length: 2900000"}, nil},
			{get("/assets/a.txt", "Range: bytes=-2"), "206", "lo", []string{"Content-Range: bytes 3-4/5", "Cache-Control: max-age=60"}, nil},
			{get("/assets/a.txt", "Range: bytes=5-"), "416", "", []string{"Content-Range: bytes */5", "Content-Length: 0"}, []string{"Content-Type", "Cache-Control"}},
			{get("/assets/a.txt", "If-None-Match: TAG"), "304", "", []string{"Etag: TAG", "Cache-Control: max-age=60", "Vary: Accept-Encoding"}, []string{"Content-Length", "Content-Type"}},
			{get("/assets/a.txt", `If-Match: "x"`), "412", "", []string{"Content-Length: 0"}, []string{"Etag"}},
			{get("/assets/sub"), "301", "", []string{"Location: /assets/sub/", "X-All: 1"}, []string{"Cache-Control"}},
			{get("/assets/sub?a=b%2F"), "301", "", []string{"Location: /assets/sub/?a=b%2F"}, nil},
			{get("/assets/sub/"), "200", "<p>", []string{"Content-Type: text/html; charset=utf-8"}, nil},
			{get("/assets"), "404", "404 Not Found", nil, nil},
			{get("/assets/none"), "404", "404 Not Found: no such file", nil, []string{"X-All", "Cache-Control"}},
			{get("/assets/.env"), "404", "404 Not Found: no such file", nil, nil},
			{get("/assets/a%2Etxt"), "200", "hello", nil, nil},
			{get("/assets/sub%2Findex.html"), "404", "", nil, nil},
			{of("POST", "/assets/a.txt", "Content-Length: 2") + "xy", "405", "405 Method Not Allowed: a file can only be read", []string{"Allow: GET, HEAD"}, nil},
			{of("OPTIONS", "/assets/a.txt"), "405", "", []string{"Allow: GET, HEAD"}, nil},
			{of("GET", "/assets/a.txt", "Content-Length: 2") + "xy", "200", "hello", nil, nil},
			{get("/assetsx"), "200", "app", nil, nil},
			{get("/assets/pass/a.txt"), "200", "hello", nil, []string{"Vary", "Cache-Control"}},
			{get("/assets/pass/none"), "404", "404 Not Found: no such file", nil, nil}, // of /assets
			{get("/a.txt"), "200", "hello", nil, []string{"Vary", "Cache-Control"}},
			{get("/other"), "200", "app", nil, nil},
			{get("/sub"), "200", "app", nil, nil},
			{of("POST", "/a.txt", "Content-Length: 0"), "200", "app", nil, nil},
		} {
			method, rest, _ := strings.Cut(x.ask, " ")
			target, _, _ := strings.Cut(rest, " ")
			c.say(strings.ReplaceAll(x.ask, "TAG", tag))
			head, body := c.hear(method)
			require.Equal(t, x.status, head[9:12], "%s %s: %s", method, target, head)
			if len(x.body) < 1000 {
				require.True(t, strings.HasPrefix(body, x.body) && (x.status != "200" || body == x.body), "%s %s: %s", method, target, body)
			} else {
				require.True(t, body == x.body, "%s %s: %d bytes", method, target, len(body))
			}
			lower := strings.ToLower(head)
			for _, want := range x.has {
				assert.Contains(t, lower, "\r\n"+strings.ToLower(strings.ReplaceAll(want, "TAG", tag)), "%s %s: %s", method, target, head)
			}
			for _, not := range x.lacks {
				assert.NotContains(t, lower, "\r\n"+strings.ToLower(not), "%s %s: %s", method, target, head)
			}
			if _, after, ok := strings.Cut(head, "\r\nETag: "); ok && target == "/assets/a.txt" && body == "hello" {
				tag, _, _ = strings.Cut(after, "\r\n")
			}
		}
		all := strings.Join(recs.all(), "\n")
		assert.Contains(t, all, "GET /assets/none 404 57 /-1 repeats=0 no_file")
		assert.Contains(t, all, "GET /assets/a.txt 200 5 /-1 repeats=0 \n")
		assert.Contains(t, all, fmt.Sprintf("GET /assets/large 200 %d /-1 repeats=0 \n", len(large)))
		assert.Contains(t, all, "GET /other 200 3 app/0 repeats=0")
	})
}

// TestFilesToMemoryClient checks that a client which is no socket gets files, too.
func TestFilesToMemoryClient(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p, dir := filesPlan(t)
		m := newMemoryRig(t, driver, p)
		large, err := os.ReadFile(filepath.Join(dir, "large"))
		require.NoError(t, err)
		for target, want := range map[string]string{"/assets/a.txt": "hello", "/assets/large": string(large)} {
			c := m.ask(t, &memoryHead{method: "GET", target: target, fields: [][2]string{{"host", "a"}}}, nil, true)
			require.Equal(t, Answered, <-c.end)
			assert.True(t, want == string(c.answer), "%d bytes", len(c.answer))
			assert.True(t, c.answered)
			assert.Contains(t, c.fields, "X-Content-Type-Options: nosniff")
		}
	})
}

// TestFileAllocatesNothing checks that a file in demand costs no memory.
func TestFileAllocatesNothing(t *testing.T) {
	countsAllocations(t)
	eachDriver(t, func(t *testing.T, driver string) {
		if driver == "goroutine" {
			t.Skip("it allocates")
		}
		p, _ := filesPlan(t)
		r := newRig(t, driver, p)
		c := newCrowd(r, 16, get("/assets/a.txt"), "hello")
		for range 20 {
			c.ask(t)
		}
		// A look at the folder every tenth of a second allocates.
		assert.Less(t, testing.AllocsPerRun(100, func() { c.ask(t) })/16, 2.0)
	})
}

// TestFileCut checks that an answer with a file that changes is cut.
func TestFileCut(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p, dir := filesPlan(t)
		recs := new(records)
		r := narrowRig(t, driver, p, func(o *Options) { o.Observer = recs })
		c := r.reader()
		c.say(get("/assets/large"))
		head := c.head()
		require.Equal(t, largeFile/16*16+3, lengthOf(head))
		require.NoError(t, os.Truncate(filepath.Join(dir, "large"), 1000))
		got, _ := io.ReadAll(c.in) // the connection can be reset
		assert.Less(t, len(got), largeFile/2)
		soon(t, func() bool { return len(recs.all()) == 1 }, "not observed")
		assert.Contains(t, recs.all()[0], "cut")
	})
}

// TestFileLeaver checks that a client that leaves in a file gives it back.
func TestFileLeaver(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p, _ := filesPlan(t)
		recs := new(records)
		r := narrowRig(t, driver, p, func(o *Options) { o.Observer = recs })
		c := r.reader()
		c.say(get("/assets/large"))
		c.head()
		r.inStage(1, StageAnswering)
		require.NoError(t, c.Close())
		soon(t, func() bool { return len(recs.all()) == 1 }, "not observed")
		assert.Contains(t, recs.all()[0], "client_gone")
		soon(t, func() bool { return r.proxy.files.Stats().Open == 0 }, "the file stays open")
	})
}

// TestStalledFiles checks that a disk that hangs delays nobody but those who want files
// of it, and these not for ever.
func TestStalledFiles(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		p, _ := filesPlan(t)
		hang := make(chan struct{})
		var hangs atomic.Bool
		hangs.Store(true)
		r := newRig(t, driver, p, func(o *Options) {
			o.Files = static.New(o.Log)
			o.Files.StallWith(2*time.Second, func(static.Op) {
				if hangs.Load() {
					<-hang
				}
			})
		})
		r.worker("app", answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\napp"))
		const waiting = 16
		clients := make([]*client, waiting)
		for i := range clients {
			clients[i] = r.client()
			clients[i].say(get("/assets/a.txt"))
		}
		r.inStage(waiting, StageReading)
		other := r.client()
		for range 100 {
			other.say(of("POST", "/x", "Content-Length: 0"))
			_, body := other.hear("POST")
			require.Equal(t, "app", body, "the loops go on")
		}
		shown, _ := r.inHand(1)
		if len(shown) > 0 {
			assert.Equal(t, "/assets", shown[0].Static)
		}
		for _, c := range clients {
			head, body := c.hear("GET")
			require.Contains(t, head, "503")
			assert.Contains(t, head, "Retry-After: 1")
			assert.Contains(t, body, "the disk of the file makes no progress")
		}
		hangs.Store(false)
		close(hang)
		soon(t, func() bool {
			clients[0].say(get("/assets/a.txt"))
			head, _ := clients[0].hear("GET")
			return strings.Contains(head, "200")
		}, "the disk works again")
	})
}

// TestSlowReaders checks that many clients that take a file slowly hold neither workers
// nor memory nor descriptors, and all get the file.
func TestSlowReaders(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		// As in a master, the file workers have a processor beside those of the loops.
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1))
		p, _ := filesPlan(t)
		r := narrowRig(t, driver, p)
		const count = 200
		slow := make([]*client, count)
		for i := range slow {
			slow[i] = r.reader()
			slow[i].say(get("/assets/large", "Range: bytes=0-299999"))
		}
		r.inStage(count, StageAnswering)
		// Each worker can be the first one to find the file.
		assert.LessOrEqual(t, r.proxy.files.Stats().Open, filework.Workers)
		quick := r.client()
		for range 3 {
			quick.say(get("/assets/large"))
			head, body := quick.hear("GET")
			require.Contains(t, head, "200")
			require.Len(t, body, largeFile/16*16+3)
		}
		for _, c := range slow {
			head, body := c.hear("GET")
			require.Equal(t, "HTTP/1.1 206 Partial Content", head[:len("HTTP/1.1 206 Partial Content")])
			require.True(t, strings.HasPrefix(body, "0123456789abcdef") && len(body) == 300000)
		}
	})
}

// TestFilesAndRates checks that a request counts once for the rate limits, also if it
// goes on to a group.
func TestFilesAndRates(t *testing.T) {
	p, _ := filesPlan(t)
	p.RateLimit = perDay(t, 2, match.Key{By: match.KeyClientIP})
	p.Groups[0].RateLimit = perDay(t, 1, match.Key{By: match.KeyClientIP})
	r := newRig(t, "", p)
	r.worker("app", answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\napp"))
	c := r.client()
	for _, x := range []struct{ target, status string }{
		{"/other", "200"}, {"/other", "429"}, {"/a.txt", "200"}, {"/a.txt", "429"}, {"/assets/none", "429"},
	} {
		c.say(get(x.target))
		head, _ := c.hear("GET")
		assert.Equal(t, x.status, head[9:12], x.target)
	}
}
