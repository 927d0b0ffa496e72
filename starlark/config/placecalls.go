package config

import (
	"strings"

	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/starlark/python"
	"github.com/ldcorn/ldcorn/starlark/python/capture"
)

// placeCalls gives the parts of a program that Python has made the positions that
// they have in the Python file. A nil source has no positions.
func placeCalls(file *syntax.File, source *python.File, program *capture.Program) {
	reposition(file, func(int, int) (int, int) { return 1, 1 })
	if source == nil {
		source, _ = python.Parse("", "")
	}
	next := 0
	syntax.Walk(file, func(n syntax.Node) bool {
		call, ok := n.(*syntax.CallExpr)
		if !ok || !isWord(call) || next == len(program.Calls) {
			return true
		}
		placeCall(call, source, program.Calls[next], next)
		next++
		return true
	})
	for i, c := range program.Before {
		if call, ok := file.Stmts[i].(*syntax.ExprStmt).X.(*syntax.CallExpr); ok {
			placeCall(call, source, c.Place, next+i)
		}
	}
}

func isWord(call *syntax.CallExpr) bool {
	id, ok := call.Fn.(*syntax.Ident)
	return ok && (id.Name == "LdConfig" || id.Name == "WorkerGroup")
}

// farColumn begins the columns of opening parentheses. Each call has its own, since
// they identify a call even if many have been made at one place.
const farColumn = 1 << 16

// placeCall places a call and its arguments.
func placeCall(call *syntax.CallExpr, source *python.File, at capture.Place, index int) {
	fn, args, ok := source.CallAt(at.Line, at.Col)
	if !ok {
		span := source.SpanAt(at.Line, at.Col)
		fn = python.Part{Line: span.Line, Col: span.Col, LastLine: span.Line, Last: span.Col}
	}
	placeWithin(call, fn)
	call.Lparen.Line, call.Lparen.Col = int32(fn.Line), int32(farColumn+index)
	names := ArgumentNames(call.Fn.(*syntax.Ident).Name)
	for _, a := range call.Args {
		named, ok := a.(*syntax.BinaryExpr)
		if !ok {
			continue
		}
		for i, arg := range args {
			if arg.Name == named.X.(*syntax.Ident).Name || arg.Name == "" && i < len(names) && names[i] == named.X.(*syntax.Ident).Name {
				placeWithin(named.X, arg.Value)
				placeWithin(named.Y, arg.Value)
			}
		}
	}
}

// placeWithin places a node and everything in it at a part.
func placeWithin(n syntax.Node, part python.Part) {
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case nil:
			return true
		case *syntax.Literal:
			n.Raw = strings.SplitN(part.Text, "\n", 2)[0] // it tells where the literal ends
		}
		moveNode(n, func(int, int) (int, int) { return part.Line, part.Col })
		switch n := n.(type) {
		case *syntax.ListExpr:
			end(&n.Rbrack, part)
		case *syntax.DictExpr:
			end(&n.Rbrace, part)
		case *syntax.CallExpr:
			end(&n.Rparen, part)
		}
		return true
	})
	list, ok := n.(*syntax.ListExpr)
	if !ok || len(list.List) != len(part.Items) {
		return
	}
	for i, item := range list.List {
		placeWithin(item, part.Items[i])
	}
}

func end(p *syntax.Position, part python.Part) {
	p.Line, p.Col = int32(part.LastLine), int32(part.Last)
}
