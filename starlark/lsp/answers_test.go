package lsp

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.lsp.dev/protocol"
)

func TestCompletion(t *testing.T) {
	e := start(t, map[string]string{"pools.star": "def make(n): pass\nweb = 1\n_own = 2\n", "data/x.star": ""})
	const name = "ldconfig.star"
	group := `a = WorkerGroup(name = "a-1", app = "main:app", `
	for marked, want := range map[string]string{
		group + `|)`:                                                     "instances=",
		group + `inst|)`:                                                 "instances=",
		group + `uvicorn_log_level = |)`:                                 `"warning"`,
		group + `uvicorn_log_level = "|")`:                               "warning",
		group + `uvicorn_log_level = "|`:                                 "warning",
		group + `reload_on_sighup=|)`:                                    "False",
		group + `routes = [pre|])`:                                       "prefix",
		group + `routes = [prefix("/x"), |`:                              "host",
		group + `sticky = |)`:                                            "by_cookie",
		group + `)` + "\ndef route(req):\n    return to(\"|\")\n":        "a-1",
		group + `)` + "\ndef route(req):\n    return to(|)\n":            `"a-1"`,
		group + `)` + "\ndef route(req):\n    return \"|\"\n":            "a-1",
		group + `)` + "\ndef test_x(t):\n    t.route(\"/\", to = \"|\")": "a-1",
		"def f(r):\n    r.|\nLdConfig(router = f)":                       "client_ip",
		"def test_x(t):\n    t.|\n":                                      "route",
		"env.|":                                                          "int",
		"json.|":                                                         "decode",
		"L|":                                                             "LdConfig",
		"mine = 1\nx = |":                                                "mine",
		"def f(given):\n    mine = 1\n    return |\n":                    "given",
		`load("|")`:                                                      "pools.star",
		`load("data/|")`:                                                 "data/x.star",
		`load("pools.star", "|")`:                                        "make",
		`load("pools.star", "web", "|`:                                   "make",
		`load("pools.star", "make"); |`:                                  "make",
	} {
		assert.Contains(t, e.labels(name, marked), want, marked)
	}
	for marked, unwanted := range map[string]string{
		group + `|)`:                       "app=",
		`WorkerGroup(|, instances = 2)`:    "instances=",
		group + `instances = |)`:           "cwd=",
		`load("pools.star", "|")`:          "_own",
		"def f(given):\n    pass\nx = |":   "given",
		"# L|":                             "LdConfig",
		`x = "L|"`:                         "LdConfig",
		"json = struct(a = 1)\nx = json.|": "decode",
	} {
		assert.NotContains(t, e.labels(name, marked), unwanted, marked)
	}
}

// The edit of a completion replaces what was typed of it, in a string with a dash too.
func TestCompletionEdit(t *testing.T) {
	e := start(t, nil)
	p, text := at("😀 = WorkerGroup(name = \"a-b\")\nx = to(\"a-|\")")
	e.edit("ldconfig.star", text)
	var list protocol.CompletionList
	e.call(protocol.MethodTextDocumentCompletion, &protocol.CompletionParams{TextDocumentPositionParams: e.where("ldconfig.star", p)}, &list)
	require.Len(t, list.Items, 1)
	edit := list.Items[0].TextEdit.(*protocol.TextEdit)
	assert.Equal(t, "a-b", edit.NewText)
	assert.Equal(t, protocol.Range{Start: protocol.Position{Line: 1, Character: 8}, End: protocol.Position{Line: 1, Character: 10}}, edit.Range)
}

const routed = `load("pools.star", "web")

def route(req):
    """Finds the group."""
    return to("ml") if req.path == "/old" else None

config = LdConfig(
    router = route,
    workers = [
        web,
        WorkerGroup(name = "ml", app = "main:app", instances = 2, routes = ["/ml", prefix("/ml/x")]),
    ],
)
`

func TestHover(t *testing.T) {
	e := start(t, map[string]string{"pools.star": `web = WorkerGroup(name = "web", app = "main:app", routes = ["*", "/ml/fast"])` + "\n"})
	e.edit("ldconfig.star", routed)
	e.diagnostics("ldconfig.star", none)
	mark := func(at string) string {
		found := strings.Replace(routed, strings.Replace(at, "|", "", 1), at, 1)
		require.Contains(t, found, "|")
		return found
	}
	for at, want := range map[string]string{
		`insta|nces = 2`:  "The number of processes",
		`Worker|Group(`:   "WorkerGroup(name",
		`req.pa|th`:       "The path that routes match",
		`= rou|te,`:       "Finds the group.",
		`to("m|l")`:       "2 workers",
		`we|b,`:           "from `pools.star`",
		`"pool|s.star"`:   "pools.star",
		`["/m|l"`:         "tried 3rd of 4",
		`["|/ml"`:         "`\"/ml/fast\"` of group `web` may take some of its requests",
		`["/ml|"`:         "goes to ml",
		`pre|fix("/ml/x`:  "tried 1st of 4",
		`prefix("/m|l/x"`: "",
	} {
		note := e.hover("ldconfig.star", mark(at))
		if want == "" {
			assert.Empty(t, note, at)
		}
		assert.Contains(t, note, want, at)
	}
}

// A route of matchers is explained by a request that it takes.
func TestSample(t *testing.T) {
	for route, want := range map[string]string{
		`path("/a")`:                           "goes to ml",
		`host("*.example.com") & prefix("/a")`: "goes to ml",
		`method("POST") & header("x-a", "b")`:  "with x-a: b",
		`websocket() & query("q", "1")`:        "goes to ml",
		`cookie("c") | client_ip("10.0.0.1")`:  "goes to ml",
		`percent(1, by = by_cookie("c"))`:      "",
	} {
		e := start(t, nil)
		text := strings.Replace(good, `app = "main:app"`, `app = "main:app", routes = [`+route+`, "*"]`, 1)
		text = strings.Replace(text, `"web"`, `"ml"`, 1)
		e.edit("ldconfig.star", text)
		e.diagnostics("ldconfig.star", func([]string) bool { return true })
		note := e.hover("ldconfig.star", strings.Replace(text, "routes = [", "routes = [|", 1))
		assert.Contains(t, note, "tried 1st of 2", route)
		assert.Contains(t, note, want, route)
	}
}

// What is kept of open documents besides their texts is bounded.
func TestMemory(t *testing.T) {
	var m memory
	text := strings.Repeat("x = 1\n", maxParsed/12)
	var all []*document
	for range 10 {
		d := &document{text: text, memory: &m}
		d.syntax()
		all = append(all, d)
	}
	kept := 0
	for _, d := range all {
		if d.parsed != nil {
			kept += len(d.text)
		}
	}
	assert.LessOrEqual(t, kept, maxRemembered)
	assert.NotNil(t, all[9].parsed)
	assert.NotEmpty(t, all[0].syntax().globals, "it is parsed again")
}

func TestDefinition(t *testing.T) {
	e := start(t, map[string]string{"pools.star": "\nweb = WorkerGroup(name = \"web\", app = \"main:app\")\n"})
	where := func(name, marked string) string {
		p, text := at(marked)
		e.edit(name, text)
		var l *protocol.Location
		e.call(protocol.MethodTextDocumentDefinition, &protocol.DefinitionParams{TextDocumentPositionParams: e.where(name, p)}, &l)
		if l == nil {
			return ""
		}
		return strings.TrimPrefix(string(l.URI), string(e.uri(""))+"/") + ":" + place{Range: l.Range}.String()
	}
	for marked, want := range map[string]string{
		strings.Replace(routed, "web,", "w|eb,", 1):                          "pools.star:1:0:3",
		strings.Replace(routed, `"web"`, `"w|eb"`, 1):                        "pools.star:1:0:3",
		strings.Replace(routed, `pools`, `po|ols`, 1):                        "pools.star:0:0:0",
		strings.Replace(routed, `= route`, `= ro|ute`, 1):                    "ldconfig.star:2:4:9",
		strings.Replace(routed, `to("ml`, `to("m|l`, 1):                      "ldconfig.star:10:27:31",
		strings.Replace(routed, `req.path`, `re|q.path`, 1):                  "ldconfig.star:2:10:13",
		strings.Replace(routed, `req.path`, `req.pa|th`, 1):                  "",
		strings.Replace(routed, `instances`, `inst|ances`, 1):                "",
		"def f():\n    x = 1\n    def g(): return |x\n    return g\nx = 2\n": "ldconfig.star:1:4:5",
	} {
		assert.Equal(t, want, where("ldconfig.star", marked), marked)
	}
	e.edit("pools.star", "\n\nother = 1\nweb = 2\n") // not saved
	assert.Equal(t, "pools.star:3:0:3", where("ldconfig.star", strings.Replace(routed, "web,", "w|eb,", 1)))
}

func TestSymbols(t *testing.T) {
	e := start(t, nil)
	e.edit("ldconfig.star", routed)
	var list protocol.DocumentSymbolSlice
	e.call(protocol.MethodTextDocumentDocumentSymbol, &protocol.DocumentSymbolParams{TextDocument: protocol.TextDocumentIdentifier{URI: e.uri("ldconfig.star")}}, &list)
	require.Len(t, list, 2)
	assert.Equal(t, []any{"route", protocol.SymbolKindFunction, "2:0:51"}, []any{list[0].Name, list[0].Kind, place{Range: list[0].Range}.String()})
	assert.Equal(t, "config", list[1].Name)
	require.Len(t, list[1].Children, 1)
	assert.Equal(t, "ml", list[1].Children[0].Name)
}

func TestFormat(t *testing.T) {
	e := start(t, nil)
	format := func(name, text string) (string, error) {
		e.edit(name, text)
		var edits []protocol.TextEdit
		err := e.try(protocol.MethodTextDocumentFormatting, &protocol.DocumentFormattingParams{TextDocument: protocol.TextDocumentIdentifier{URI: e.uri(name)}}, &edits)
		d := &document{text: text}
		for _, edit := range edits {
			d.change(&protocol.TextDocumentContentChangePartial{Range: edit.Range, Text: edit.NewText})
		}
		return d.text, err
	}
	text, err := format("ldconfig.star", "x=\"😀\"  # kept\ny  =  [1,\n2]\n")
	require.NoError(t, err)
	assert.Equal(t, "x = \"😀\"  # kept\ny = [\n    1,\n    2,\n]\n", text)
	_, err = format("ldconfig.star", "x = (\n")
	assert.ErrorContains(t, err, "has errors")
	_, err = format("ldconfig.py", "x=1\n")
	assert.ErrorContains(t, err, "Python")
}

func TestActions(t *testing.T) {
	e := start(t, nil)
	// fixed returns the texts after each quick fix.
	fixed := func(text string) map[string]string {
		e.edit("ldconfig.star", text)
		e.diagnostics("ldconfig.star", some)
		d := &document{text: text}
		out := make(map[string]string)
		var list []protocol.CodeAction
		e.call(protocol.MethodTextDocumentCodeAction, &protocol.CodeActionParams{
			TextDocument: protocol.TextDocumentIdentifier{URI: e.uri("ldconfig.star")}, Range: d.span(0, len(text)),
		}, &list)
		for _, a := range list {
			after := &document{text: text}
			for _, edit := range a.Edit.Changes[e.uri("ldconfig.star")] {
				after.change(&protocol.TextDocumentContentChangePartial{Range: edit.Range, Text: edit.NewText})
			}
			out[a.Title] = after.text
		}
		return out
	}
	assert.Equal(t, map[string]string{"Change to app": good}, fixed(strings.Replace(good, "app =", "ap =", 1)))
	assert.Equal(t, map[string]string{`Change to "web"`: good}, fixed(strings.Replace(good, `"web"`, "web", 1)))
	assert.Equal(t, map[string]string{"Change to WorkerGroup": good}, fixed(strings.Replace(good, "WorkerGroup", "WorkGroup", 1)))
	assert.Equal(t, map[string]string{`Change to "main:app"`: good}, fixed(strings.Replace(good, `"main:app"`, `"main.py"`, 1)))
	assert.Equal(t, map[string]string{"Ignore W113 on this line": "x = 1  # ldcorn: ignore=W113\n" + good}, fixed("x = 1\n"+good))
}
