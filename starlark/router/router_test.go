package router_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/logtest"
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/request"
	"github.com/ldcorn/ldcorn/starlark/config"
)

// routerOf returns the router of a configuration whose function has the given
// name. Files are loaded files, by name and text.
func routerOf(t testing.TB, text, name string, log *slog.Logger, files ...string) plan.Router {
	t.Helper()
	dir := t.TempDir()
	text += "\nconfig = LdConfig(router = " + name + ", workers = [WorkerGroup(name = \"web\", app = \"m:app\")," +
		" WorkerGroup(name = \"gold\", app = \"m:app\", routes = [\"/gold\"])])\n"
	for i := 0; i < len(files); i += 2 {
		require.NoError(t, os.WriteFile(filepath.Join(dir, files[i]), []byte(files[i+1]), 0o600))
	}
	path := filepath.Join(dir, "ldconfig.star")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	p, err := config.Load(t.Context(), path, config.Options{Log: log})
	require.NoError(t, err)
	require.NotNil(t, p.Router)
	return p.Router
}

// sample returns a request with the given request line and header lines.
func sample(t testing.TB, line string, headers ...string) match.Request {
	t.Helper()
	opts := request.SampleOptions{}
	for _, h := range headers {
		name, v, _ := strings.Cut(h, ": ")
		opts.Headers = append(opts.Headers, request.Header{Name: name, Value: v})
	}
	req, err := request.NewSample(line, opts)
	require.NoError(t, err)
	return req
}

// A journal is a log that keeps its lines.
type journal struct{ logtest.Text }

func (j *journal) lines() []string {
	return strings.Split(strings.TrimSuffix(j.String(), "\n"), "\n")
}

func (j *journal) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

// guarded returns a function that does something only for requests, not when
// the configuration is checked.
const guarded = `
def route(req):
    if req.header("x-go") == None:
        return None
    return %s
`

// fails calls a router that fails and returns the log.
func fails(t *testing.T, rt plan.Router, j *journal, req match.Request) string {
	t.Helper()
	d, err := rt.Route(req)
	require.Error(t, err)
	assert.Zero(t, d)
	lines := j.lines()
	return lines[len(lines)-1]
}

func TestRequestAttributes(t *testing.T) {
	req := sample(t, "POST https://API.example.com:8443/a%20b/%C3%A9%ff?q=1+2&q=3&%6e=%zz&e", "X-Tenant: acme", "x-tenant: evil",
		"Cookie: a=b; sid=x=y", "X-Odd: caf\xe9 \xff\xfe", "Content-Length: 12", "X-Forwarded-For: 1.2.3.4", "Connection: x-hop", "X-Hop: 1")
	for expr, want := range map[string]string{
		`req.method`:                             `"POST"`,
		`req.path`:                               `"/a b/é` + "\uFFFD" + `"`,
		`req.raw_path`:                           `"/a%20b/%C3%A9%ff"`,
		`req.host`:                               `"api.example.com"`,
		`req.scheme`:                             `"https"`,
		`req.client_ip`:                          `"127.0.0.1"`,
		`req.proto`:                              `"HTTP/1.1"`,
		`req.websocket`:                          `False`,
		`req.content_length`:                     `12`,
		`req.header("X-TENANT")`:                 `"acme"`,
		`req.headers("x-tenant")`:                `["acme", "evil"]`,
		`req.headers("none")`:                    `[]`,
		`req.header("none")`:                     `None`,
		`req.header("none", "d")`:                `"d"`,
		`req.header(name = "none", default = 3)`: `3`,
		`req.header("x-odd")`:                    `"caf` + "\uFFFD \uFFFD\uFFFD" + `"`,
		`req.header("x-hop")`:                    `None`,
		`req.header("x-forwarded-for")`:          `None`,
		`req.cookie("sid")`:                      `"x=y"`,
		`req.cookie("SID", "")`:                  `""`,
		`req.query("q")`:                         `"1 2"`,
		`req.query("n")`:                         `"%zz"`,
		`req.query("e")`:                         `""`,
		`req.query("none")`:                      `None`,
		`dir(req)`:                               `["client_cert_fingerprint", "client_cert_san", "client_cert_subject", "client_ip", "content_length", "cookie", "header", "headers", "host", "method", "path", "proto", "query", "raw_path", "scheme", "websocket"]`,
		`type(req)`:                              `"Request"`,
		`[req.path == req.path, bool(req)]`:      `[True, True]`,
		`{req: 1}[req]`:                          `1`,
		`hasattr(req, "path")`:                   `True`,
		`hasattr(req, "body")`:                   `False`,
		`getattr(req, "body", 7)`:                `7`,
		`str(req)`:                               `"<request POST /a%20b/%C3%A9%ff>"`,
		`str(req.header)`:                        `"<built-in method header of Request value>"`,
	} {
		rt := routerOf(t, "def route(req):\n    return respond(200, repr("+expr+"))\n", "route", nil)
		d, err := rt.Route(req)
		require.NoError(t, err, expr)
		assert.Equal(t, want, string(d.Answer.Body), expr)
	}
}

// TestTextsOfClients checks that text from a client is only text, even if it
// looks like the mark of a secret or the URL of another host.
func TestTextsOfClients(t *testing.T) {
	for expr, want := range map[string]plan.Decision{
		`respond(200, q)`:                                {Answer: &plan.Answer{Status: 200, Body: []byte("(secret)"), Headers: headers(t, "Content-Type", "text/plain; charset=utf-8")}},
		`redirect("/s?q=" + q)`:                          {Answer: &plan.Answer{Status: 307, Redirect: true, Headers: headers(t, "Location", "/s?q=(secret)")}},
		`respond(200, headers = {"X-Q": q, "X-R": [q]})`: {Answer: &plan.Answer{Status: 200, Headers: headers(t, "X-Q", "(secret)", "X-R", "(secret)")}},
		`to("web", key = q)`:                             {Group: "web", Key: "(secret)"},
		`redirect(req.path + "/")`:                       {Answer: &plan.Answer{Status: 307, Redirect: true, Headers: headers(t, "Location", "/%2Fevil.example/")}},
		`redirect(req.raw_path)`:                         {Answer: &plan.Answer{Status: 307, Redirect: true, Headers: headers(t, "Location", "/%2Fevil.example")}},
		`redirect("/\\evil.example")`:                    {Answer: &plan.Answer{Status: 307, Redirect: true, Headers: headers(t, "Location", "/%5Cevil.example")}},
		`redirect("https://a//b")`:                       {Answer: &plan.Answer{Status: 307, Redirect: true, Headers: headers(t, "Location", "https://a//b")}},
	} {
		rt := routerOf(t, "def route(req):\n    q = req.query(\"q\", \"\")\n    return "+expr, "route", nil)
		d, err := rt.Route(sample(t, "GET http://h//evil.example?q=(secret)"))
		require.NoError(t, err, expr)
		assert.Equal(t, want, d, expr)
	}
}

func TestWhatARouterReturns(t *testing.T) {
	priority, none := 5, int64(0)
	for expr, want := range map[string]plan.Decision{
		`None`:                      {},
		`"gold"`:                    {Group: "gold"},
		`to("gold")`:                {Group: "gold"},
		`to(group = "web")`:         {Group: "web"},
		`to("web", key = req.path)`: {Group: "web", Key: "/x"},
		`to("web", priority = 5, request_buffer = 0)`: {Group: "web", Override: &plan.Override{RequestBuffer: &none, Priority: &priority}},
		`to("web", priority = None)`:                  {Group: "web"},
		`respond(204)`:                                {Answer: &plan.Answer{Status: 204}},
		`respond(503, "é")`:                           {Answer: &plan.Answer{Status: 503, Body: []byte("é"), Headers: headers(t, "Content-Type", "text/plain; charset=utf-8")}},
		`respond(200, b"\x00\xff", {"content-type": "a/b", "Set-Cookie": ["a=1", "b=2"]})`: {Answer: &plan.Answer{Status: 200, Body: []byte{0, 255},
			Headers: headers(t, "content-type", "a/b", "Set-Cookie", "a=1", "Set-Cookie", "b=2")}},
		`redirect("/new")`: {Answer: &plan.Answer{Status: 307, Redirect: true, Headers: headers(t, "Location", "/new")}},
		`redirect("https://a/\r\nX: é%41", status = 301)`: {Answer: &plan.Answer{Status: 301, Redirect: true,
			Headers: headers(t, "Location", "https://a/%0D%0AX:%20%C3%A9%41")}},
	} {
		for _, form := range []string{"def route(req):\n    return " + expr, "def route(req):\n    return made(req)\nmade = lambda req: " + expr} {
			rt := routerOf(t, form, "route", nil)
			d, err := rt.Route(sample(t, "GET /x"))
			require.NoError(t, err, expr)
			assert.Equal(t, want, d, expr)
		}
		if !strings.Contains(expr, "req") { // made once, while loading
			rt := routerOf(t, "MADE = "+expr+"\nroute = lambda req: MADE", "route", nil)
			d, err := rt.Route(sample(t, "GET /x"))
			require.NoError(t, err, expr)
			assert.Equal(t, want, d, expr)
		}
	}
}

func headers(t *testing.T, pairs ...string) (out []plan.HeaderEdit) {
	for i := 0; i < len(pairs); i += 2 {
		h, err := plan.NewHeaderEdit(plan.HeaderAdd, pairs[i], plan.Plain(pairs[i+1]))
		require.NoError(t, err)
		out = append(out, h)
	}
	return out
}

func TestWhatARouterFailsOn(t *testing.T) {
	for expr, want := range map[string]string{
		`3`:                            "`route` returned the number 3: answer with respond(status, body), or return to(group, …)",
		`False`:                        "`route` returned False: return None to leave a request to the routes",
		`route`:                        "`route` returned the function `route`: call it",
		`{}`:                           "`route` returned a dict: return None, the name of a group",
		`req.path`:                     "`route` returned \"/x\", but no group has that name",
		`req.path[1:] + "eb"`:          "`route` returned \"xeb\", but no group has that name: did you mean \"web\"?",
		`req.path[9:]`:                 "`route` returned \"\", but no group has that name: return None to leave",
		`to(req.path[1:] + "old")`:     "`route` returned \"xold\", but no group has that name: did you mean \"gold\"?",
		`req.pth`:                      "Request has no `.pth`: did you mean `.path`?",
		`req.ip`:                       "Request has no `.ip`: did you mean `.client_ip`?",
		`req.body`:                     "Request has no `.body`",
		`req.header()`:                 "header needs `name`: add \"X-Tenant\"",
		`req.header(3)`:                "`name` wants a string, got the number 3",
		`req.header("a", d = "")`:      "header has no argument `d`: did you mean `default`?",
		`req.headers("a", "b")`:        "headers takes 1 positional argument, got 2",
		`req.cookie("a", "b", name=1)`: "cookie got `name` twice",
		`to("web", kee = 1)`:           "to has no argument `kee`: did you mean `key`?",
		`to("web", key = 1)`:           "`key` wants a string, got the number 1",
		`to("web", priority = 101)`:    "`priority` must be from -100 to 100, got 101",
		`to()`:                         "to needs `group`",
		`respond(99)`:                  "`status` must be from 200 to 599, got 99",
		`respond("503")`:               "`status` wants a whole number, got the string \"503\": write 503",
		`respond(204, "x")`:            "`body` must be empty: an answer with status 204 has no body: omit it",
		`respond(200, {"a": 1})`:       "`body` wants a string, got a dict: write json.encode(…) around it",
		`respond(200, "", {"X-A": "a\r\nX-B: b"})`:  "header \"X-A\": the value contains a line break: a header is one line",
		`respond(200, "", {"Content-Length": "3"})`: "header \"Content-Length\": it says how the body is sent, which ldcorn decides: leave it out",
		`respond(200, "", {"Date": "now"})`:         "header \"Date\": ldcorn writes this header: remove it",
		`respond(200, "", {"X-N": 3})`:              "header \"X-N\" wants a string, got the number 3: write \"3\"",
		`respond(200, headers = [])`:                "`headers` wants a dict",
		`redirect("/x", 302, 3)`:                    "redirect takes 2 positional arguments, got 3",
		`redirect("/x", 200)`:                       "`status` must be one of 301, 302, 303, 307, 308, got 200",
		`redirect(" ")`:                             "`url` is empty",
		`redirect("/" + "é" * 11000)`:               "`url` has 66001 bytes after escaping, but a header can have at most 65536",
		`redirect("a" * 65537)`:                     "`url` has 65537 bytes after escaping",
		`env("HOME")`:                               "`env` can only be used while the configuration is loaded",
		`env.int("HOME")`:                           "`env.int` can only be used while the configuration is loaded",
		`WorkerGroup(name = "a", app = "a:b")`:      "`WorkerGroup` can only be used while the configuration is loaded",
		`rate("1/s")`:                               "`rate` can only be used while the configuration is loaded, not by a router for a request: give `rate_limit` to LdConfig, a WorkerGroup or a rule",
		`secret("HOME")`:                            "`secret` can only be used while the configuration is loaded",
		`1 // 0`:                                    "division by zero",
		`SEEN.append(req)`:                          "this list was made while the configuration was loaded and can no longer change: a router cannot keep data",
		`KEEP(req)`:                                 "this list was made while the configuration was loaded and can no longer change: a router cannot keep data",
		`[x for x in range(1000000)]`:               "`route` was stopped: it takes more than 10000 steps: it stopped here",
		`"x" * int(req.header("x-n"))`:              "repeating 1 byte 1000000000 times is too much for a request; the limit is 1048576",
		`int(req.header("x-n")) * [1, 2]`:           "repeating 2 elements 1000000000 times is too much for a request",
		`grow("ab", int(req.header("x-n")))`:        "repeating 2 bytes 1000000000 times is too much for a request",
		`list(range(int(req.header("x-n"))))`:       "a range of 1000000000 numbers is too long for a request",
		`[power for power in [int("7" * 9999)] for i in range(9) if power * power * power * power]`: "bits is too large for a request",
		`int("x" * 10000)`: "int() cannot read \"" + strings.Repeat("x", 100),
		`"a" * "b"`:        "`*` does not work between string and string",
	} {
		if word, _, _ := strings.Cut(expr, "("); word == "to" || word == "respond" || word == "redirect" {
			expr = "WORDS." + expr // the check of the configuration does not know which word it is
		}
		j := new(journal)
		rt := routerOf(t, `
WORDS = struct(to = to, respond = respond, redirect = redirect)
SEEN = []
def closure():
    kept = []
    return lambda req: kept.append(req)
KEEP = closure()
def grow(x, n):
    x *= n
    return x
AT_LOAD = grow("ab", 2000000)
`+fmt.Sprintf(guarded, expr), "route", j.logger())
		line := fails(t, rt, j, sample(t, "GET /x", "X-Go: 1", "X-N: 1000000000"))
		assert.Less(t, len(line), 2000, expr)
		assert.Contains(t, strings.ReplaceAll(line, `\"`, `"`), want, expr)
		assert.Regexp(t, `at=\S+/ldconfig\.star:\d+:\d+ err=.* (backtrace=.*, called at .*ldconfig\.star:\d+:\d+ in route" )?request="GET /x"$`, line, expr)
		assert.Equal(t, strings.Contains(line, "backtrace="), strings.Contains(line, "called at"), expr)
	}
}

// TestWrongResultsAreAtTheirReturn checks that a wrong result is reported at the return
// that gave it, as far as the code or the interpreter tells which one that was.
func TestWrongResultsAreAtTheirReturn(t *testing.T) {
	const head = `
NUMBER = 5
WORDS = struct(to = to)
def helper(req):
    name = req.header("x-name")
    return name

def route(req):
    if not req.header("x-name"):
        return None
    if req.path == "/three":
        return (3)
    if req.path == "/five":
        return NUMBER if req.path else "web"
    if req.path == "/list":
        return []
    if req.path == "/lists":
        return [1]
    if req.path == "/gold":
        return to(str(req.header("x-name")))
    if req.path == "/tuple":
        return (respond(200), 2)
    def inner():
        return "inner"
`
	const computed = head + `    if req.path == "/name":
        return helper(req)
    if req.path == "/dot":
        return (
            req.path)
    if req.path == "/new":
        return WORDS.to(req.header("x-name"))
    return "web"
`
	const named = head + `    if req.path == "/name":
        return helper(req)
    name = req.path
    return name
`
	for code, places := range map[string]map[string]string{
		computed: {"/three": "12:16", "/name": "26:16", "/dot": "28:16", "/new": "31:16", "/list": "8:1", "/gold": "20:16"},
		named:    {"/three": "8:1", "/name": "8:1", "/else": "28:12"},
		head:     {"/three": "12:16", "/five": "14:16", "/list": "8:1", "/lists": "8:1", "/gold": "20:16", "/tuple": "22:16"},
	} {
		for path, at := range places {
			j := new(journal)
			rt := routerOf(t, code, "route", j.logger())
			line := fails(t, rt, j, sample(t, "GET "+path, "X-Name: none"))
			assert.Contains(t, line, "ldconfig.star:"+at+" ", "%s in %s", path, code)
		}
	}
}

// TestFailuresAreLoggedOnceInAWhile checks that each place is logged once in
// ten seconds, however often it fails, and that the next line counts the
// failures without one.
func TestFailuresAreLoggedOnceInAWhile(t *testing.T) {
	j := new(journal)
	rt := routerOf(t, `
def helper(req):
    return 1 // int(req.header("x-zero"))

def route(req):
    if req.path == "/helper":
        return helper(req)
    if req.path == "/name":
        return req.header("x-name")
    return None
`, "route", j.logger())
	synctest.Test(t, func(t *testing.T) {
		helper, name := sample(t, "GET /helper", "X-Zero: 0"), sample(t, "GET /name", "X-Name: none",
			"traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
		for range 100_000 {
			_, err := rt.Route(helper)
			require.Error(t, err)
		}
		_, err := rt.Route(name)
		require.Error(t, err)
		require.Len(t, j.lines(), 2)
		assert.Regexp(t, `^level=ERROR msg="router failed" at=\S+ldconfig\.star:3:14 err="division by zero" `+
			`backtrace="\S+ldconfig\.star:3:14 in helper, called at \S+ldconfig\.star:7:22 in route" request="GET /helper"$`, j.lines()[0])
		assert.Regexp(t, `at=\S+ldconfig\.star:9:16 err=.*returned \\"none\\", but no group has that name.* request="GET /name" trace=0af7651916cd43dd8448eb211c80319c$`, j.lines()[1])

		time.Sleep(10*time.Second - time.Nanosecond)
		_, _ = rt.Route(helper)
		require.Len(t, j.lines(), 2)
		time.Sleep(time.Nanosecond)
		_, _ = rt.Route(helper)
		require.Len(t, j.lines(), 3)
		assert.Regexp(t, ` suppressed=100000$`, j.lines()[2])
	})
}

func TestPrintIsLogged(t *testing.T) {
	j := new(journal)
	rt := routerOf(t, "def route(req):\n    print(\"for\", req.path)\n", "route", j.logger())
	for range 3 {
		_, err := rt.Route(sample(t, "GET /x"))
		require.NoError(t, err)
	}
	require.Len(t, j.lines(), 1)
	assert.Regexp(t, `level=INFO msg="router prints" at=\S+ldconfig.star:2:10 text="for /x"`, j.lines()[0])
}

// TestBudgetOfTime checks that a call that takes long in many steps is stopped
// and does not harm others.
func TestBudgetOfTime(t *testing.T) {
	j := new(journal)
	rt := routerOf(t, `
BIG = "x" * (8 << 20)
def route(req):
    if req.path == "/slow":
        for i in range(2000):
            y = BIG.count("xy")
    return "web"
`, "route", j.logger())
	line := fails(t, rt, j, sample(t, "GET /slow"))
	assert.Contains(t, line, "was stopped: it takes longer than 100ms")
	d, err := rt.Route(sample(t, "GET /x"))
	require.NoError(t, err)
	assert.Equal(t, "web", d.Group)
}

// TestRunawayIsStopped checks that a call that runs out of steps leaves the router
// usable, however often.
func TestRunawayIsStopped(t *testing.T) {
	j := new(journal)
	rt := routerOf(t, "def route(req):\n    if req.path == \"/x\":\n        for i in range(1000000):\n            pass\n    return \"web\"\n", "route", j.logger())
	for range 50 {
		assert.Contains(t, fails(t, rt, j, sample(t, "GET /x")), "was stopped: it takes more than 10000 steps")
		d, err := rt.Route(sample(t, "GET /y"))
		require.NoError(t, err)
		assert.Equal(t, "web", d.Group)
	}
}

// TestManyAtATime is for the race detector.
func TestManyAtATime(t *testing.T) {
	j := new(journal)
	rt := routerOf(t, benched+`
SHARED = {"a": [1, 2, 3], "b": {"c": (4, 5)}}
def route(req):
    total = 0
    for x in SHARED["a"]:
        total += x
    for k, v in SHARED.items():
        total += len(v)
    if req.path == "/fail":
        return SHARED["none"]
    if req.path == "/made":
        return made(req)
    return lookups(req)
`, "route", j.logger())
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			req := sample(t, []string{"GET /a", "GET /fail", "GET /made", "GET /old"}[i%4], "X-Tenant: acme")
			for range 300 {
				d, err := rt.Route(req)
				switch i % 4 {
				case 0:
					assert.Equal(t, "gold", d.Group)
				case 1:
					assert.Error(t, err)
				case 2:
					assert.Equal(t, 503, d.Answer.Status)
				case 3:
					assert.Equal(t, 308, d.Answer.Status)
				}
			}
		})
	}
	all.Wait()
	assert.Len(t, j.lines(), 1)
}

func TestAllocations(t *testing.T) {
	rt := routerOf(t, benched, "lookups", nil)
	req := sample(t, "GET /api/users/17?page=2", "X-Tenant: acme")
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { _, _ = rt.Route(req) }), 12.0)
}
