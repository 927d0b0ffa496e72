package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const configForJSON = `
def route(req):
    if req.path == "/no":
        return respond(404, "gone")
    if req.path == "/old":
        return redirect("/new", status=308)
    if req.path == "/fail":
        return 1
    return None

def test_good(t):
    t.route("/ml", to="ml")

def test_bad(t):
    t.route("/ml", to="web")

config = LdConfig(router=route, workers=[
    WorkerGroup(name="ml", app="main:app", routes=["/ml", header("x-a", "1") & host("a.example")]),
    WorkerGroup(name="web", app="main:app"),
])
`

// TestJSONSchemas holds what programs are given and the schemas of it
// together.
func TestJSONSchemas(t *testing.T) {
	dir := t.TempDir()
	path := func(name, text string) string {
		p := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(p, []byte(text), 0o600))
		return p
	}
	good := path("good.star", configForJSON)
	bad := path("bad.star", "def f():\n    return {}[1]\nconfig = LdConfig(workers=[WorkerGroup(name=f())])\n")
	warn := path("warn.star", `config = LdConfig(workers=[WorkerGroup(name="a", app="m:app", routes=["/a"]), WorkerGroup(name="a", ap="m:app")], bnd=1)`)
	set := path("set.star", `config = LdConfig(workers=[WorkerGroup("a", "m:a", arg("n", 1, help="n"), routes=arg("routes", ["*"]), reload_on_sighup=arg("ml", False), stop_timeout=arg("t", 0.5))])`)
	for schema, runs := range map[string][][]string{
		"check": {{"check", "--format=json", good}, {"check", "--format=json", bad}, {"check", "--format=json", warn}},
		"args":  {{"args", "--json", good}, {"args", "--json", "--set=ml=true", "--set", "routes=/a,/b", set}},
		"test":  {{"test", "--format=json", good}, {"test", "--format=json", "--coverage", "--run=good", good}},
		"explain": {
			{"explain", "--json", "-c", good, "/ml"}, {"explain", "--json", "-c", good, "GET http://a.example/x"},
			{"explain", "--json", "-c", good, "/no"}, {"explain", "--json", "-c", good, "/old"},
			{"explain", "--json", "-c", good, "/fail"}, {"explain", "--json", "-c", good, "TRACE /"},
		},
	} {
		t.Run(schema, func(t *testing.T) {
			is := schemaOf(t, schema)
			for _, args := range runs {
				var stdout bytes.Buffer
				root := newRootCommand(&rootOptions{})
				root.SetArgs(args)
				root.SetOut(&stdout)
				root.SetErr(new(bytes.Buffer))
				_ = root.ExecuteContext(t.Context()) // its exit code is not what this is about
				require.NoError(t, is.check(t, strings.NewReader(stdout.String())), "%q\n%s", args, &stdout)
			}
		})
	}
}
