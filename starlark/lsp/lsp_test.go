package lsp

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/confine"
)

// The tests' program is also the program that does the jobs.
func TestMain(m *testing.M) {
	if cell := confine.Enter(); cell != nil {
		os.Exit(Work(cell, os.Stdin, os.Stdout, Helpers{
			Look: func(*config.Result) {},
			Explain: func(w io.Writer, e *api.Explanation) error {
				_, err := io.WriteString(w, "goes to "+e.Group+"\n")
				return err
			},
		}))
	}
	os.Exit(m.Run())
}

const patience = time.Minute

// An editor is the client of a server.
type editor struct {
	t      *testing.T
	dir    string
	conn   jsonrpc2.Conn
	told   chan protocol.PublishDiagnosticsParams
	ended  chan error // the result of Serve
	texts  map[string]string
	number int32 // of the newest version
}

type pipes struct {
	io.ReadCloser
	io.WriteCloser
}

func (p pipes) Close() error { _ = p.ReadCloser.Close(); return p.WriteCloser.Close() }

// open starts a server for a folder with files, by name.
func open(t *testing.T, files map[string]string) *editor {
	t.Helper()
	e := &editor{t: t, dir: t.TempDir(), told: make(chan protocol.PublishDiagnosticsParams, 100), ended: make(chan error, 1), texts: make(map[string]string)}
	for name, text := range files {
		e.write(name, text)
	}
	in, out := io.Pipe()
	back, reply := io.Pipe()
	go func() {
		e.ended <- Serve(context.Background(), in, reply, Options{Version: "1", Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Delay: time.Millisecond})
		_ = reply.Close()
	}()
	e.conn = jsonrpc2.NewConn(jsonrpc2.NewStream(pipes{back, out}))
	e.conn.Go(context.Background(), func(_ context.Context, req *jsonrpc2.Request) (any, error) {
		if req.Method() == protocol.MethodTextDocumentPublishDiagnostics {
			var p protocol.PublishDiagnosticsParams
			if assert.NoError(t, protocol.Unmarshal(req.Params(), &p)) {
				e.told <- p
			}
		}
		return nil, nil
	})
	t.Cleanup(func() { _ = e.conn.Close() })
	return e
}

// start is open with the handshake.
func start(t *testing.T, files map[string]string) *editor {
	t.Helper()
	e := open(t, files)
	e.call(protocol.MethodInitialize, &protocol.InitializeParams{}, nil)
	e.notify(protocol.MethodInitialized, &protocol.InitializedParams{})
	return e
}

func (e *editor) write(name, text string) {
	e.t.Helper()
	path := filepath.Join(e.dir, name)
	require.NoError(e.t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(e.t, os.WriteFile(path, []byte(text), 0o600))
}

func (e *editor) uri(name string) uri.URI { return uri.File(filepath.Join(e.dir, name)) }

func (e *editor) try(method string, params, result any) error {
	e.t.Helper()
	raw, err := protocol.Marshal(params)
	require.NoError(e.t, err)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var answer jsonrpc2.RawMessage
	if _, err := e.conn.Call(ctx, method, jsonrpc2.RawMessage(raw), &answer); err != nil {
		return err
	}
	if result != nil {
		require.NoError(e.t, protocol.Unmarshal(answer, result), "%s: %s", method, answer)
	}
	return nil
}

func (e *editor) call(method string, params, result any) {
	e.t.Helper()
	require.NoError(e.t, e.try(method, params, result))
}

func (e *editor) notify(method string, params any) {
	e.t.Helper()
	raw, err := protocol.Marshal(params)
	require.NoError(e.t, err)
	require.NoError(e.t, e.conn.Notify(context.Background(), method, jsonrpc2.RawMessage(raw)))
}

// edit opens a document with a text, or gives it another text.
func (e *editor) edit(name, text string) {
	e.t.Helper()
	e.number++
	_, known := e.texts[name]
	e.texts[name] = text
	if known {
		e.notify(protocol.MethodTextDocumentDidChange, &protocol.DidChangeTextDocumentParams{
			TextDocument:   protocol.VersionedTextDocumentIdentifier{TextDocumentIdentifier: protocol.TextDocumentIdentifier{URI: e.uri(name)}, Version: e.number},
			ContentChanges: []protocol.TextDocumentContentChangeEvent{&protocol.TextDocumentContentChangeWholeDocument{Text: text}},
		})
		return
	}
	e.notify(protocol.MethodTextDocumentDidOpen, &protocol.DidOpenTextDocumentParams{
		TextDocument: protocol.TextDocumentItem{URI: e.uri(name), LanguageID: "ldcorn", Version: e.number, Text: text},
	})
}

// diagnostics waits until the server says something about a file that holds, and
// returns its messages with their places.
func (e *editor) diagnostics(name string, holds func([]string) bool) []string {
	e.t.Helper()
	var last []string
	for {
		select {
		case p := <-e.told:
			if p.URI != e.uri(name) {
				continue
			}
			last = nil
			for _, d := range p.Diagnostics {
				text, _, _ := strings.Cut(string(d.Message.(protocol.String)), "\n")
				last = append(last, place{Range: d.Range}.String()+" "+text)
			}
			if holds(last) {
				return last
			}
		case <-time.After(patience):
			e.t.Fatalf("the server says nothing more about %s; the last was %q", name, last)
		}
	}
}

func (p place) String() string {
	r := p.Range
	return fmt.Sprintf("%d:%d:%d", r.Start.Line, r.Start.Character, r.End.Character)
}

func none(list []string) bool { return len(list) == 0 }
func some(list []string) bool { return len(list) > 0 }

func having(text string) func([]string) bool {
	return func(list []string) bool { return strings.Contains(strings.Join(list, "\n"), text) }
}

// at returns the position of the mark | in a text of a document, and the text without it.
func at(marked string) (protocol.Position, string) {
	before, after, _ := strings.Cut(marked, "|")
	d := &document{text: before + after}
	return d.position(len(before)), d.text
}

func (e *editor) where(name string, p protocol.Position) protocol.TextDocumentPositionParams {
	return protocol.TextDocumentPositionParams{TextDocument: protocol.TextDocumentIdentifier{URI: e.uri(name)}, Position: p}
}

// labels returns the completions at the mark in a text.
func (e *editor) labels(name, marked string) []string {
	e.t.Helper()
	p, text := at(marked)
	e.edit(name, text)
	var list protocol.CompletionList
	e.call(protocol.MethodTextDocumentCompletion, &protocol.CompletionParams{TextDocumentPositionParams: e.where(name, p)}, &list)
	var out []string
	for _, item := range list.Items {
		out = append(out, item.Label)
	}
	return out
}

// hover returns the note at the mark in a text.
func (e *editor) hover(name, marked string) string {
	e.t.Helper()
	p, text := at(marked)
	if e.texts[name] != text {
		e.edit(name, text)
	}
	var h *protocol.Hover
	e.call(protocol.MethodTextDocumentHover, &protocol.HoverParams{TextDocumentPositionParams: e.where(name, p)}, &h)
	if h == nil {
		return ""
	}
	return h.Contents.(*protocol.MarkupContent).Value
}

const good = `config = LdConfig(
    bind = "127.0.0.1:8000",
    workers = [WorkerGroup(name = "web", app = "main:app")],
)
`

func TestDiagnostics(t *testing.T) {
	e := start(t, map[string]string{"ldconfig.star": good})
	e.edit("ldconfig.star", good)
	e.diagnostics("ldconfig.star", none)
	e.edit("ldconfig.star", strings.Replace(good, `name = "web"`, `nme = "😀"`, 1))
	list := e.diagnostics("ldconfig.star", having("nme"))
	assert.Contains(t, list, "2:27:30 WorkerGroup has no argument `nme`")
	e.edit("ldconfig.star", `x = "😀😀"; y = unknown`+"\n"+good)
	list = e.diagnostics("ldconfig.star", having("unknown"))
	assert.Contains(t, list[0], "0:16:23 ", "in UTF-16 code units")
	e.edit("ldconfig.star", "config = LdConfig(")
	e.diagnostics("ldconfig.star", some)
	e.edit("ldconfig.star", good)
	e.diagnostics("ldconfig.star", none)
}

// The text of a loaded file counts although it is not saved, even if the file is new.
func TestUnsavedFiles(t *testing.T) {
	entry := `load("pools.star", "web")` + "\n" + `config = LdConfig(workers = [web])` + "\n"
	e := start(t, map[string]string{"ldconfig.star": entry, "pools.star": "web = 1\n"})
	e.edit("ldconfig.star", entry)
	e.diagnostics("ldconfig.star", some)
	e.edit("pools.star", `web = WorkerGroup(name = "web", app = "main:app")`+"\n")
	e.diagnostics("ldconfig.star", none)
	e.edit("pools.star", `web = WorkerGroup(name = "web", ap = "main:app")`+"\n")
	e.diagnostics("pools.star", having("`ap`"))
	e.edit("ldconfig.star", strings.ReplaceAll(entry, "pools", "new"))
	e.edit("new.star", "web = 2\n")
	e.diagnostics("ldconfig.star", having("wants a WorkerGroup"))
}

// A file that no configuration loads is checked for what can be known without one.
func TestAlone(t *testing.T) {
	e := start(t, map[string]string{"ldconfig.star": good})
	e.edit("other.star", "a = WorkerGroup(name=1)\nb = unknown\n")
	assert.Equal(t, []string{"1:4:11 `unknown` is not defined"}, e.diagnostics("other.star", some))
	e.edit("other.star", "a = 1\n")
	e.diagnostics("other.star", none)
}

// A file without a configuration in its folder or above may belong to another program.
func TestForeign(t *testing.T) {
	e := start(t, nil)
	e.edit("BUILD.star", "native.rule(\n")
	assert.Contains(t, e.hover("other.star", "Ld|Config()"), "The whole configuration")
	e.edit("ldconfig.star", good)
	e.diagnostics("ldconfig.star", none)
	for len(e.told) > 0 {
		assert.NotEqual(t, e.uri("BUILD.star"), (<-e.told).URI)
	}
}

// A configuration that never ends, or that takes all memory, ends its own process. The
// server answers meanwhile.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	e := start(t, nil)
	e.edit("ldconfig.star", "x = [[[[k for k in range(100000)] for i in range(100000)] for j in range(100000)] for l in range(10000)]\n"+good)
	assert.Contains(t, e.hover("other.star", "Ld|Config()"), "The whole configuration")
	e.diagnostics("ldconfig.star", some)
	e.edit("ldconfig.star", "x = "+strings.Repeat("[", 100000)+"\n"+good)
	e.diagnostics("ldconfig.star", having("nested"))
	e.edit("ldconfig.star", good)
	e.diagnostics("ldconfig.star", none)
}

func TestPythonNeverRuns(t *testing.T) {
	e := start(t, nil)
	e.edit("ldconfig.py", "import os\nopen('"+filepath.Join(e.dir, "ran")+"', 'w')\nclass X: pass\n")
	list := e.diagnostics("ldconfig.py", some)
	assert.Len(t, list, 1)
	assert.Contains(t, list[0], "Python runs this file")
	assert.NoFileExists(t, filepath.Join(e.dir, "ran"))
	e.edit("ldconfig.py", "from ldcorn.config import LdConfig, WorkerGroup\n"+good)
	e.diagnostics("ldconfig.py", none)
}

func TestClose(t *testing.T) {
	e := start(t, map[string]string{"ldconfig.star": good})
	e.edit("ldconfig.star", "config = 1\n")
	e.diagnostics("ldconfig.star", some)
	e.notify(protocol.MethodTextDocumentDidClose, &protocol.DidCloseTextDocumentParams{TextDocument: protocol.TextDocumentIdentifier{URI: e.uri("ldconfig.star")}})
	e.diagnostics("ldconfig.star", none)
}

func TestLifecycle(t *testing.T) {
	e := open(t, nil)
	code := func(err error) jsonrpc2.Code {
		var of *jsonrpc2.Error
		require.ErrorAs(t, err, &of)
		return of.Code
	}
	params := &protocol.InitializeParams{}
	assert.Equal(t, jsonrpc2.ServerNotInitialized, code(e.try(protocol.MethodTextDocumentHover, params, nil)))
	e.call(protocol.MethodInitialize, params, nil)
	assert.Equal(t, jsonrpc2.InvalidRequest, code(e.try(protocol.MethodInitialize, params, nil)))
	assert.Equal(t, jsonrpc2.MethodNotFound, code(e.try("no/such", params, nil)))
	assert.Equal(t, jsonrpc2.InvalidParams, code(e.try(protocol.MethodTextDocumentHover, protocol.String("x"), nil)))
	e.notify("$/unknown", params)
	e.call(protocol.MethodShutdown, nil, nil)
	assert.Equal(t, jsonrpc2.InvalidRequest, code(e.try(protocol.MethodTextDocumentHover, params, nil)))
	e.notify(protocol.MethodExit, nil)
	assert.NoError(t, <-e.ended)

	e = start(t, nil)
	e.notify(protocol.MethodExit, nil)
	assert.ErrorContains(t, <-e.ended, "without shutdown")

	e = start(t, nil)
	require.NoError(t, e.conn.Close())
	assert.ErrorContains(t, <-e.ended, "without shutdown")
}
