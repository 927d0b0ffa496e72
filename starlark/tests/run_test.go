package tests_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/tests"
)

const groups = `config = LdConfig(workers = [
    WorkerGroup("web", "main:app"),
    WorkerGroup("api", "main:app", routes = ["/api", "/v2", header("x-a", "1")]),
])
`

// run evaluates a configuration with more text after the groups and runs its
// tests.
func run(t *testing.T, text string, change func(*tests.Options)) (*tests.Report, *config.Result) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ldconfig.star")
	require.NoError(t, os.WriteFile(path, []byte(groups+text), 0o600))
	res, err := config.Evaluate(t.Context(), path, config.Options{Tests: true})
	require.NoError(t, err)
	require.NotNil(t, res.Plan, "%v", res.Report)
	opts := tests.Options{Plan: res.Plan, Sources: res.Report.Sources, MaxSteps: 100_000, Timeout: time.Minute, Print: func(diag.Span, string) {}}
	if change != nil {
		change(&opts)
	}
	report, err := tests.Run(t.Context(), res.Tests, opts)
	require.NoError(t, err)
	return report, res
}

func messages(r *tests.Result) (out []string) {
	for _, d := range r.Failures {
		out = append(out, d.Message)
	}
	return out
}

func TestFailures(t *testing.T) {
	for body, want := range map[string][]string{
		`t.route("/api", to = "api")`:                      nil,
		`t.route("/", headers = {"X-A": 1}, to = "web")`:   {"`headers` wants a string, got the number 1: write \"1\""},
		`t.route("/", headers = {"X-A": "1"}, to = "web")`: {`/ goes to "api", not to "web"`},
		`t.route("/x")`: {"/x has no expectation: `to`, `status`, `static` and `location` are missing"},
		`t.route("/x", headers = {"X-A": "1"}, to = None)`: {"/x has no expectation: `to`, `status`, `static` and `location` are missing"},
		`t.route("/../x")`:                                   {"/../x has no expectation: `to`, `status`, `static` and `location` are missing"},
		`print(t.route("/x"))`:                               nil,
		`t.route("/", status = 404)`:                         {`/ goes to "web", not answered with 404`},
		`t.route("/", location = "/x")`:                      {`/ goes to "web", not redirected to "/x"`},
		`t.route("/", status = "404")`:                       {"`status` wants a whole number, got the string \"404\": write 404"},
		`t.route("/", client_ip = "x")`:                      {"`client_ip` is not an address: \"x\""},
		`t.route("/", to = "wep")`:                           {`no WorkerGroup is named "wep"`},
		`t.route("/", cookies = ["a"])`:                      {"`cookies` wants a dict, such as {\"x-name\": \"value\"}, got a list"},
		`t.route("/", client_cert = "CN=me")`:                {"`client_cert` wants a dict, such as {\"subject\": \"CN=me\", \"san\": [\"DNS:me.example\"]}, or None, got the string \"CN=me\""},
		`t.route("/", client_cert = {"sna": "DNS:me"})`:      {"`client_cert` cannot have \"sna\": did you mean \"san\"?"},
		`t.route("/", client_cert = {"issuer": "CN=me"})`:    {"`client_cert` cannot have \"issuer\": write subject, san or fingerprint"},
		`t.route("/", client_cert = {"subject": "me"})`:      {"`client_cert` is no certificate: the subject \"me\" has no attribute such as CN=; write \"CN=me\""},
		`t.route("/", client_cert = {"subject": ["CN=me"]})`: {"`client_cert` wants a string, got a list: write \"CN=me\""},
		`t.route("/", client_cert = {"san": ["DNS:me", 1]})`: {"`client_cert` wants a string, got the number 1"},
		`t.route()`:                                                     {"route needs `request`: add \"GET /path\""},
		"t.eq(1, 1.0); t.eq([1], (1,))":                                 {"got [1], want (1,)"},
		`t.eq(t.route("/v2").route, "/v2")`:                             nil,
		`t.eq(t.route("/").grup, "web")`:                                {"Outcome has no `.grup`"},
		`t.true(1); t.true([]); t.true(0, "why")`:                       {"the condition does not hold", "why"},
		`t.fail("a"); t.fail("b"); fail("c"); t.fail("d")`:              {"a", "b", "c"},
		`WorkerGroup("a", "m:a")`:                                       {"`WorkerGroup` can only be used while the configuration is loaded, not by a router for a request"},
		`t.eq(t.name, "test_it"); t.eq(dir(t), "")`:                     {`got ["eq", "fail", "name", "plan", "route", "true"], want ""`},
		`t.route("GET http://a.example/", to = "web"); t.eq({t: 1}, 1)`: {"a Test cannot be a key"},
	} {
		report, _ := run(t, "def test_it(t):\n    "+body+"\n", nil)
		require.Len(t, report.Results, 1)
		assert.Equal(t, want, messages(&report.Results[0]), body)
		assert.Equal(t, len(want) > 0, report.Failed() == 1, body)
		for _, d := range report.Results[0].Failures {
			assert.Equal(t, 6, d.Span.Line, body)
		}
	}
}

func TestLimits(t *testing.T) {
	text := "def test_long(t):\n    for i in range(10000):\n        for j in range(10000):\n            pass\ndef test_short(t):\n    t.route(\"/\", to = \"web\")\n"
	report, _ := run(t, text, nil)
	assert.Equal(t, []string{"the test takes more than 100000 steps"}, messages(&report.Results[0]))
	assert.Empty(t, report.Results[1].Failures, "one test does not end the others")

	report, _ = run(t, text, func(o *tests.Options) { o.MaxSteps, o.Timeout = 1<<40, time.Millisecond })
	assert.Equal(t, []string{"the test takes longer than 1ms"}, messages(&report.Results[0]))

	_, res := run(t, text, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := tests.Run(ctx, res.Tests, tests.Options{Plan: res.Plan, Sources: res.Report.Sources, MaxSteps: 1 << 40, Timeout: time.Minute})
	require.ErrorIs(t, err, context.Canceled)
}

func TestCoverage(t *testing.T) {
	report, _ := run(t, "def test_a(t):\n    t.route(\"/api\", to = \"api\")\n    t.route(\"/api\", to = \"api\")\n    t.route(\"/\", to = \"web\")\n", nil)
	c := report.Coverage
	assert.Equal(t, 4, c.Routes)
	assert.Equal(t, 2, c.Hit)
	assert.InDelta(t, 50, c.Percent(), 0)
	require.Len(t, c.Missed, 2)
	assert.Equal(t, "/v2", c.Missed[0].Route.Text())
	assert.Equal(t, `header("x-a", "1")`, c.Missed[1].Route.Text())
	assert.Equal(t, 3, c.Missed[1].Pos.Line)
}

func TestPrint(t *testing.T) {
	var out strings.Builder
	run(t, "def test_a(t):\n    print(\"hello\")\n", func(o *tests.Options) {
		o.Print = func(at diag.Span, msg string) { _, _ = io.WriteString(&out, filepath.Base(at.String())+" "+msg) }
	})
	assert.Equal(t, "ldconfig.star:6:5 hello", out.String())
}

// TestClientCert: routes and the router see the certificate of a request.
func TestClientCert(t *testing.T) {
	const text = `
def route(req):
    if req.path == "/router":
        return respond(200 if req.scheme == "https" else 500, "%s %s %s" % (req.client_cert_subject, req.client_cert_san, req.client_cert_fingerprint)) if req.client_cert_san else respond(403, "no")
    return None

config = LdConfig(router = route, workers = [
    WorkerGroup("web", "main:app"),
    WorkerGroup("any", "main:app", routes = [path("/any") & client_cert()]),
    WorkerGroup("me", "main:app", routes = [client_cert(subject = "CN=me,O=x", san = "URI:spiffe://a/b"), client_cert(fingerprint = "` + "ab" + `" * 32)]),
])

def test_it(t):
    t.route("/any", to = "web")
    t.route("/any", client_cert = None, to = "web")
    t.route("/any", client_cert = {}, to = "any")
    t.route("/", client_cert = {"subject": "CN=me,O=x"}, to = "web")
    t.route("/", client_cert = {"subject": "CN=me,O=x", "san": "URI:spiffe://a/b"}, to = "me")
    t.route("/", client_cert = {"subject": "CN=me,O=x", "san": ("DNS:a", "URI:spiffe://a/b")}, to = "me")
    t.route("/", client_cert = {"fingerprint": "AB:" * 31 + "AB"}, to = "me")
    t.route("/router", status = 403)
    t.route("/router", client_cert = {"san": ["DNS:a"]}, status = 200)
    t.route("/any", client_cert = {"subject": "CN=you"}, to = "web")
`
	report, _ := run(t, text, nil)
	require.Len(t, report.Results, 1)
	assert.Equal(t, []string{`/any goes to "any", not to "web"`}, messages(&report.Results[0]))
}

// TestPlan: a test evaluates the configuration with other variables and arguments.
func TestPlan(t *testing.T) {
	const text = `
def route(req):
    return "big" if req.path == env_of and bind != "" else None

env_of = env("PATH_OF", "/p")
bind = ":" + env("PORT", "8000")
config = LdConfig(bind = bind, router = route, trusted_proxies = ["10.0.0.0/8"], forwarded = "append", workers = [
    WorkerGroup("big", "main:app", instances = arg("workers", 2), max_req_per_worker = 4, queue_timeout = "1m", env = {"A": "b", "S": secret("S", "s")},
                routes = ["/big", header("x-a", "1"), client_cert()], max_rss = "1GiB", sticky = by_client_ip(), response_buffer = arg("buffer", 0)),
    WorkerGroup("rest", "main:app", uvicorn_args = arg("args", [])),
])

def test_it(t):
    p = t.plan(env = {"PORT": "9000", "PATH_OF": "/q"}, args = {"workers": 8, "args": ["--http", "h11"]})
    t.eq([p.bind, p.forwarded, p.trusted_proxies, p.header_timeout, p.admin, p.access_log], [":9000", "append", ["10.0.0.0/8"], 5, None, None])
    g = p.group("big")
    t.eq([g.name, g.instances, g.max_req_per_worker, g.queue_timeout, g.reload_on_sighup], ["big", 8, 4, 60, True])
    t.eq([g.routes, g.max_rss, g.sticky, g.response_buffer, g.request_buffer], [["/big", 'header("x-a", "1")', "client_cert()"], 1 << 30, "by_client_ip()", 0, None])
    t.eq([g.env["A"], type(g.env["S"])], ["b", "secret"])
    t.eq([x.name for x in p.groups], ["big", "rest"])
    t.eq(p.groups[1].uvicorn_args, ["--http", "h11"])
    p.route("/q", to = "big")
    p.route("/p", to = "rest")
    p.route("/certified", client_cert = {"subject": "CN=me"}, to = "big")
    t.route("/p", to = "big")
    t.eq(p.errors, [])
    t.eq(t.plan(args = {"worker": 1}).errors, ["L028: the configuration has no argument ` + "`worker`" + `"])
    t.eq(t.plan(args = {"workers": "1"}).errors, ['L002: the value of the argument ` + "`workers`" + ` wants a whole number, got the string "1"'])
    t.eq(t.plan(env = {"PORT": None}).bind, ":8000")

def test_routes(t):
    t.plan().route("/p", to = "rest")

def test_errors(t):
    t.plan(args = {"workers": 0})

def test_stops(t):
    t.plan(args = {"workers": 0}).group("big")

def test_no_group(t):
    t.plan().group("bgi")

def test_no_attribute(t):
    t.plan().group("big").instance

def test_long(t):
    for i in range(100000):
        t.plan()
`
	env := map[string]string{"PORT": "7000"}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	path := filepath.Join(t.TempDir(), "ldconfig.star")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	opts := config.Options{Tests: true, LookupEnv: lookup}
	res, err := config.Evaluate(t.Context(), path, opts)
	require.NoError(t, err)
	require.NotNil(t, res.Plan, "%v", res.Report)
	report, err := tests.Run(t.Context(), res.Tests, tests.Options{
		Plan: res.Plan, Sources: res.Report.Sources, MaxSteps: 10_000, Timeout: time.Minute, Print: func(diag.Span, string) {},
		Evaluate: tests.Evaluator(path, opts),
	})
	require.NoError(t, err)
	got := make(map[string][]string)
	for i := range report.Results {
		got[report.Results[i].Test.Name] = messages(&report.Results[i])
	}
	assert.Equal(t, map[string][]string{
		"test_it":           nil,
		"test_routes":       {`/p goes to "big", not to "rest"`},
		"test_errors":       {"with these variables and arguments, the configuration has errors"},
		"test_stops":        {"the plan has errors: L004: `instances` must be from 1 to 1024, got 0"},
		"test_no_group":     {`no WorkerGroup is named "bgi": did you mean "big"?`},
		"test_no_attribute": {"PlanGroup has no `.instance`"},
		"test_long":         {"the test takes more than 10000 steps"},
	}, got)
}

// TestSettings: an outcome has the settings of the request, from the group, from
// a rule or from the router.
func TestSettings(t *testing.T) {
	const slow = `
def route(req):
    return to("slow", priority = 9, request_buffer = "1KiB", key = "k", fair = "acme") if req.path == "/first" else None

config = LdConfig(router = route, rate_limit = rate("9/s"), workers = [
    WorkerGroup("web", "main:app"),
    WorkerGroup("slow", "main:app", max_req_per_worker = 1, sticky = by_header("X-Key"), fair = by_header("X-Key"), limits = [limit("gpu", 4)],
                routes = [rule("/slow", priority = -5, request_buffer = 0, rate_limit = rate("1/s")), "/more"]),
])

def got(o):
    return [o.priority, o.request_buffer, o.response_buffer, o.key, len(o.rate_limits)]

def test_it(t):
    t.eq(got(t.route("/slow", headers = {"X-Key": "k"})), [-5, 0, 16 << 20, "k", 2])
    t.eq(got(t.route("/more")), [0, 16 << 20, 16 << 20, None, 1])
    t.eq(t.route("/slow").rate_limits, ['rate("9/s", burst=9, by=by_client_ip())', 'rate("1/s", burst=1, by=by_client_ip())'])
    t.eq(got(t.route("/first", headers = {"X-Key": "other"})), [9, 1024, 16 << 20, "k", 1])
    t.eq(t.route("/first", headers = {"X-Key": "other"}).fair, "acme")
    t.eq(t.route("/slow", headers = {"X-Key": "k"}).fair, "k")
    t.eq([t.route("/slow").fair, t.route("/").fair], [None, None])
    t.eq([t.route("/slow").limits, t.route("/").limits], [['limit("gpu", 4)'], []])
    t.eq(got(t.route("/")), [0, 0, 0, None, 1])
    t.eq(got(t.route("/../x")), [None, None, None, None, 0])
    t.route("/slow", to = "web")
`
	report, _ := run(t, slow, nil)
	require.Len(t, report.Results, 1)
	require.Equal(t, []string{`/slow goes to "slow", not to "web"`}, messages(&report.Results[0]))
	assert.Equal(t, `taken by rule("/slow", request_buffer=0, priority=-5, rate_limit=rate("1/s", burst=1, by=by_client_ip()))`, report.Results[0].Failures[0].Label)
}
