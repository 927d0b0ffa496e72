package lsp

import (
	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"

	"github.com/ldcorn/ldcorn/starlark/diag"
)

// A groupCall is a call of WorkerGroup.
type groupCall struct {
	first, last int // its tokens
	name        int // the token of the name of the group
}

// groups returns the calls of WorkerGroup that name their group with a string.
func (s *syntax) groups() []groupCall {
	var out []groupCall
	for i := range s.tokens {
		if !s.tokens[i].Is("WorkerGroup") || s.text(i+1) != "(" || len(out) == maxItems {
			continue
		}
		call := groupCall{first: i, last: s.matching(i + 1), name: -1}
		depth := s.tokens[i+1].Depth + 1
		for j := i + 2; j < call.last; j++ {
			if s.tokens[j].Is("WorkerGroup") {
				break // the call is not closed
			}
			if s.is(j, diag.String) && s.tokens[j].Depth == depth && (j == i+2 || s.text(j-1) == "=" && s.text(j-2) == "name") {
				call.name = j
				break
			}
		}
		if call.name >= 0 {
			out = append(out, call)
		}
	}
	return out
}

// symbols answers what a document defines: groups, functions and variables.
func (s *server) symbols(_ jsonrpc2.ID, p *protocol.DocumentSymbolParams) (any, error) {
	d := s.documents[string(p.TextDocument.URI)]
	if d == nil {
		return nil, nil
	}
	x := d.syntax()
	out := []protocol.DocumentSymbol{}
	last := make(map[int]int) // the last token of the statement that begins at a token
	begin := -1
	for i := range x.tokens {
		if x.tokens[i].First && x.tokens[i].Kind != diag.Comment {
			begin = i
		}
		if begin >= 0 && x.tokens[i].Kind != diag.Comment {
			last[begin] = i
		}
	}
	symbol := func(kind protocol.SymbolKind, name string, first, end, at int) protocol.DocumentSymbol {
		t := &x.tokens[at]
		return protocol.DocumentSymbol{Name: name, Kind: kind, Range: d.span(x.tokens[first].At, max(x.tokens[end].End(), t.End())), SelectionRange: d.span(t.At, t.End())}
	}
	groups := x.groups()
	for i := range x.tokens {
		t := &x.tokens[i]
		if !t.First || t.Col != 1 || len(out) == maxItems {
			continue
		}
		if at, ok := x.globals[t.Text]; ok && at == i {
			one := symbol(protocol.SymbolKindVariable, t.Text, i, last[i], i)
			for len(groups) > 0 && groups[0].first <= last[i] {
				g := groups[0]
				one.Children = append(one.Children, symbol(protocol.SymbolKindClass, unquote(&x.tokens[g.name]), g.first, g.last, g.name))
				groups = groups[1:]
			}
			out = append(out, one)
		}
		if t.Is("def") {
			for k := range x.functions {
				if f := &x.functions[k]; f.name == i+1 {
					out = append(out, symbol(protocol.SymbolKindFunction, x.tokens[f.name].Text, i, max(f.end-1, f.name), f.name))
				}
			}
		}
	}
	for _, g := range groups { // in functions, and in statements that assign nothing
		out = append(out, symbol(protocol.SymbolKindClass, unquote(&x.tokens[g.name]), g.first, g.last, g.name))
	}
	for i := range out {
		if out[i].Name == "" {
			out[i].Name = "?" // the protocol forbids an empty name
		}
		for k := range out[i].Children {
			if out[i].Children[k].Name == "" {
				out[i].Children[k].Name = "?"
			}
		}
	}
	return protocol.DocumentSymbolSlice(out), nil
}
