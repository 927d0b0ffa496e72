package router

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/starlark/value"
)

// A digester computes a digest of a function: of its code without positions and
// comments, and of all values that it can reach by name, including functions.
// Two functions with the same digest do the same.
type digester struct {
	file    func(name string) *syntax.File
	hash    hash.Hash
	seen    map[starlark.Value]int // the order in which values that may contain themselves were visited
	secrets []string               // excluded from the digest
}

func newDigester(file func(string) *syntax.File) *digester {
	return &digester{file: file, hash: sha256.New(), seen: make(map[starlark.Value]int)}
}

// sum returns the digest of a function.
func (d *digester) sum(fn *starlark.Function) string {
	d.value(fn)
	return hex.EncodeToString(d.hash.Sum(nil))
}

func (d *digester) write(format string, args ...any) { fmt.Fprintf(d.hash, format+"\n", args...) }

// again reports whether a value was visited before. It is not called for values
// that are compared by their content, such as strings.
func (d *digester) again(v starlark.Value) bool {
	if n, ok := d.seen[v]; ok {
		d.write("again %d", n)
		return true
	}
	d.seen[v] = len(d.seen)
	return false
}

// value writes a value and everything in it.
func (d *digester) value(v starlark.Value) {
	switch v := v.(type) {
	case nil:
		d.write("nothing")
	case *value.Secret:
		d.write("secret")
		d.secrets = append(d.secrets, v.Reveal())
	case *starlark.Function:
		if !d.again(v) {
			d.function(v)
		}
	case *starlark.Builtin:
		d.write("builtin %q", v.Name())
		d.value(v.Receiver())
	case *starlark.Dict:
		if !d.again(v) {
			d.write("dict %d", v.Len())
			for _, item := range v.Items() {
				d.value(item[0])
				d.value(item[1])
			}
		}
	case *starlark.List:
		if !d.again(v) {
			d.elements(v)
		}
	case *starlark.Set:
		if !d.again(v) {
			d.elements(v)
		}
	case starlark.Tuple:
		d.elements(v)
	case decision:
		d.write("%s %q", v.Type(), v.String())
		p := v.Decide()
		for _, e := range slices.Concat(p.RequestHeaders, p.ResponseHeaders) {
			if e.Value.IsSecret() {
				d.secrets = append(d.secrets, e.Value.Reveal())
			}
		}
	case *starlarkstruct.Struct:
		d.attributes(v)
	default:
		d.write("%s %q", v.Type(), v.String())
	}
}

func (d *digester) elements(v starlark.Iterable) {
	d.write("%s %d", v.Type(), starlark.Len(v))
	for e := range starlark.Elements(v) {
		d.value(e)
	}
}

func (d *digester) attributes(v *starlarkstruct.Struct) {
	d.write("struct %d", len(v.AttrNames()))
	for _, name := range v.AttrNames() {
		a, _ := v.Attr(name) // AttrNames lists the name
		d.write("%q", name)
		d.value(a)
	}
}

// function writes the code of a function and the values that the code names.
func (d *digester) function(fn *starlark.Function) {
	d.write("function %d %d", fn.NumParams(), fn.NumFreeVars())
	for i := range fn.NumParams() {
		d.value(fn.ParamDefault(i))
	}
	for i := range fn.NumFreeVars() {
		_, v := fn.FreeVar(i)
		d.value(v)
	}
	node := codeOf(d.file(fn.Position().Filename()), fn.Position())
	if node == nil {
		d.write("%s", fn.Position()) // its file is unknown
		return
	}
	globals := fn.Globals()
	for _, name := range d.code(node) {
		d.write("global %q", name)
		d.value(globals[name])
	}
}

// codeOf returns the def or lambda that begins at a position, or nil.
func codeOf(file *syntax.File, pos syntax.Position) (found syntax.Node) {
	if file == nil {
		return nil
	}
	syntax.Walk(file, func(n syntax.Node) bool {
		at := syntax.Position{}
		switch n := n.(type) {
		case *syntax.DefStmt:
			at = n.Def
		case *syntax.LambdaExpr:
			at = n.Lambda
		}
		if at.Line == pos.Line && at.Col == pos.Col {
			found = n
		}
		return found == nil
	})
	return found
}

// code writes a syntax tree and returns the globals that it names.
func (d *digester) code(node syntax.Node) (globals []string) {
	named := make(map[string]bool)
	syntax.Walk(node, func(n syntax.Node) bool {
		if n == nil {
			d.write("end")
			return true
		}
		d.node(n)
		if id, ok := n.(*syntax.Ident); ok && isGlobal(id) && !named[id.Name] {
			named[id.Name] = true
			globals = append(globals, id.Name)
		}
		return true
	})
	return globals
}

func isGlobal(id *syntax.Ident) bool {
	b, ok := id.Binding.(*resolve.Binding)
	return ok && b.Scope == resolve.Global
}

// node writes a node without the nodes in it, which follow.
func (d *digester) node(n syntax.Node) {
	d.write("%T", n)
	switch n := n.(type) {
	case *syntax.AssignStmt:
		d.write("%s", n.Op)
	case *syntax.BranchStmt:
		d.write("%s", n.Token)
	case *syntax.DefStmt:
		d.write("%d", len(n.Params))
	case *syntax.LambdaExpr:
		d.write("%d", len(n.Params))
	case *syntax.IfStmt:
		d.write("%d %d", len(n.True), len(n.False))
	case *syntax.BinaryExpr:
		d.write("%s", n.Op)
	case *syntax.UnaryExpr:
		d.write("%s %t", n.Op, n.X == nil)
	case *syntax.Comprehension:
		d.write("%t", n.Curly)
	case *syntax.Ident:
		d.write("%q", n.Name)
	case *syntax.Literal:
		d.write("%s %q", n.Token, fmt.Sprint(n.Value))
	case *syntax.SliceExpr:
		d.write("%t %t %t", n.Lo == nil, n.Hi == nil, n.Step == nil)
	case *syntax.ReturnStmt:
		d.write("%t", n.Result == nil)
	}
}
