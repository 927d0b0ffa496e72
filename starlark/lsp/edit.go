package lsp

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/python"
)

// format answers with the edit that formats a document, or with none if the document is
// not correct.
func (s *server) format(id jsonrpc2.ID, p *protocol.DocumentFormattingParams) (any, error) {
	d := s.documents[string(p.TextDocument.URI)]
	switch {
	case d == nil:
		return nil, nil
	case python.Is(string(d.uri)):
		return nil, jsonrpc2.NewError(jsonrpc2.InvalidParams, "ldcorn formats Starlark, not Python; use a formatter for Python")
	case len(d.text) > config.MaxFileSize:
		return nil, jsonrpc2.NewError(jsonrpc2.InvalidParams, "the file is too large")
	case len(s.cancels) > 0:
		return nil, jsonrpc2.NewError(jsonrpc2.Code(protocol.LSPErrorCodesRequestFailed), "another file is being formatted")
	}
	ctx, cancel := context.WithCancel(s.ctx)
	s.cancels[id] = cancel
	old := &document{uri: d.uri, path: d.path, text: d.text}
	j := job{Kind: formatJob, Path: d.path, Texts: map[string][]byte{d.path: []byte(d.text)}}
	s.jobs.Go(func() {
		r := reply{id: id}
		a, err := s.runner.run(ctx, j)
		switch {
		case ctx.Err() != nil:
			r.err = jsonrpc2.NewError(jsonrpc2.Code(protocol.LSPErrorCodesRequestCancelled), "cancelled")
		case err != nil:
			r.err = jsonrpc2.NewError(jsonrpc2.Code(protocol.LSPErrorCodesRequestFailed), err.Error())
		case a.Error != "":
			r.err = jsonrpc2.NewError(jsonrpc2.Code(protocol.LSPErrorCodesRequestFailed), "not formatted, because the file has errors: "+a.Error)
		default:
			r.result = changes(old, string(a.Text))
		}
		select {
		case s.replies <- r:
		case <-s.ctx.Done():
		}
	})
	return nil, errLater
}

// changes returns the edit that gives a document another text. It leaves out the lines
// at the beginning and at the end that stay.
func changes(d *document, text string) []protocol.TextEdit {
	if d.text == text {
		return []protocol.TextEdit{}
	}
	start, end := 0, 0
	for start < min(len(d.text), len(text)) && d.text[start] == text[start] {
		start++
	}
	start = strings.LastIndexByte(d.text[:start], '\n') + 1
	for end < min(len(d.text), len(text))-start && d.text[len(d.text)-1-end] == text[len(text)-1-end] {
		end++
	}
	if i := strings.IndexByte(d.text[len(d.text)-end:], '\n'); i >= 0 {
		end -= i + 1
	} else {
		end = 0
	}
	return []protocol.TextEdit{{Range: d.span(start, len(d.text)-end), NewText: text[start : len(text)-end]}}
}

// replacement finds what the label or the hint of a diagnostic says to write in place of
// the text that it is about.
var replacement = regexp.MustCompile("^(?:did you mean|write|say) (`[^`]+`|\"[^\"]+\")(?:, in quotes)?\\??(?: a test .*)?$")

// actions answers with the quick fixes for a range.
func (s *server) actions(_ jsonrpc2.ID, p *protocol.CodeActionParams) (any, error) {
	d := s.documents[string(p.TextDocument.URI)]
	out := []protocol.CommandOrCodeAction{}
	if d == nil || d.path == "" {
		return out, nil
	}
	for _, e := range s.entries {
		if !e.current() || s.running != nil && s.running.entry == e {
			continue // the ranges may be wrong
		}
		for i := range e.answer.Diagnostics {
			f := &e.answer.Diagnostics[i]
			if f.Place.Path != d.path || !overlap(f.Place.Range, p.Range) {
				continue
			}
			if text := fix(d, f); text != "" {
				out = append(out, s.action(d, f, fmt.Sprintf("Change to %s", text), protocol.TextEdit{Range: f.Place.Range, NewText: text}, true))
			}
			if f.Severity == diag.Warning && f.Code != "" {
				out = append(out, s.action(d, f, "Ignore "+f.Code+" on this line", ignore(d, f), false))
			}
		}
	}
	return out, nil
}

func overlap(a, b protocol.Range) bool {
	before := func(p, q protocol.Position) bool {
		return p.Line < q.Line || p.Line == q.Line && p.Character < q.Character
	}
	return !before(a.End, b.Start) && !before(b.End, a.Start)
}

// action returns a quick fix.
func (s *server) action(d *document, f *finding, title string, edit protocol.TextEdit, preferred bool) *protocol.CodeAction {
	kind := protocol.CodeActionKindQuickFix
	return &protocol.CodeAction{
		Title: title, Kind: &kind, IsPreferred: &preferred, Diagnostics: []protocol.Diagnostic{s.diagnostic(f)},
		Edit: &protocol.WorkspaceEdit{Changes: map[uri.URI][]protocol.TextEdit{d.uri: {edit}}},
	}
}

// fix returns what to write in place of the text that a finding is about, or "".
func fix(d *document, f *finding) string {
	old := d.text[d.offset(f.Place.Range.Start):d.offset(f.Place.Range.End)]
	tokens := diag.Tokens(old)
	if len(tokens) != 1 || tokens[0].Kind != diag.Name && tokens[0].Kind != diag.String && tokens[0].Kind != diag.Number {
		return "" // the advice may be about a part of it
	}
	for _, advice := range []string{f.Label, f.Hint} {
		m := replacement.FindStringSubmatch(advice)
		if m == nil {
			continue
		}
		text := strings.Trim(m[1], "`")
		if tokens[0].Kind == diag.String && m[1][0] == '`' && !strings.ContainsAny(text, "\"'(") {
			continue // a name is no replacement for a string
		}
		if text != old {
			return text
		}
	}
	return ""
}

// ignore returns the edit that silences a warning on its line.
func ignore(d *document, f *finding) protocol.TextEdit {
	lines := d.lines()
	start := lines[min(int(f.Place.Range.Start.Line), len(lines)-1)]
	line, _, _ := strings.Cut(d.text[start:], "\n")
	line = strings.TrimRight(line, " \t\r")
	end := d.position(start + len(line))
	text := "  # ldcorn: ignore=" + f.Code
	if strings.Contains(line, "ldcorn: ignore=") {
		text = "," + f.Code
	}
	return protocol.TextEdit{Range: protocol.Range{Start: end, End: end}, NewText: text}
}
