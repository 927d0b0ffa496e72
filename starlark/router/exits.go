package router

import (
	"slices"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// An exit is a place where a router returns, with what it can return there as far as
// its code tells.
type exit struct {
	pos, end syntax.Position  // of the returned expression
	values   []starlark.Value // constants
	decides  bool             // the result of to, respond or redirect
	unknown  bool             // something else
	// plain means that it may return what it need not compute: a name or a literal. The
	// interpreter knows no position of that.
	plain bool
}

// exitsOf returns the exits of a function in the order of its code.
func exitsOf(fn *starlark.Function, file *syntax.File) (out []exit) {
	at := &scope{fn: fn, code: codeOf(file, fn.Position()), globals: fn.Globals()}
	at.own(func(n syntax.Node) {
		if ret, ok := n.(*syntax.ReturnStmt); ok && ret.Result != nil {
			x := exit{}
			x.pos, x.end = ret.Result.Span()
			at.results(&x, ret.Result)
			out = append(out, x)
		}
	})
	return out
}

// results adds the possible values of an expression to those of an exit.
func (s *scope) results(x *exit, e syntax.Expr) {
	switch e := e.(type) {
	case *syntax.ParenExpr:
		s.results(x, e.X)
		return
	case *syntax.CondExpr:
		s.results(x, e.True)
		s.results(x, e.False)
		return
	case *syntax.BinaryExpr:
		if e.Op == syntax.OR || e.Op == syntax.AND {
			s.results(x, e.X)
			s.results(x, e.Y)
			return
		}
	case *syntax.CallExpr:
		id, ok := e.Fn.(*syntax.Ident)
		if !ok {
			break
		}
		if b, ok := id.Binding.(*resolve.Binding); ok && b.Scope == resolve.Predeclared && slices.Contains(decisionWords, id.Name) {
			x.decides = true
			return
		}
	}
	switch e.(type) {
	case *syntax.CallExpr, *syntax.DotExpr, *syntax.IndexExpr, *syntax.BinaryExpr:
	default:
		x.plain = true
	}
	v := s.constant(e)
	if v == nil {
		v = empty(e)
	}
	if v == nil {
		x.unknown = true
		return
	}
	x.values = append(x.values, v)
}

// empty returns a value of the type that an expression has, or nil.
func empty(e syntax.Expr) starlark.Value {
	switch e := e.(type) {
	case *syntax.TupleExpr:
		return starlark.Tuple{}
	case *syntax.ListExpr:
		return starlark.NewList(nil)
	case *syntax.DictExpr:
		return new(starlark.Dict)
	case *syntax.Comprehension:
		if e.Curly {
			return new(starlark.Dict)
		}
		return starlark.NewList(nil)
	}
	return nil
}

var decisionWords = []string{"to", "respond", "redirect"}

// exitWith returns the exit that returned a wrong value for a request, or nil if that
// cannot be told from the code alone, and with trace also not by calling the function
// once more.
func (r *Router) exitWith(v starlark.Value, trace func() syntax.Position) *exit {
	var can []*exit
	for i := range r.exits {
		if x := &r.exits[i]; x.gives(v) {
			can = append(can, x)
		}
	}
	if len(can) < 2 || trace == nil {
		return only(can)
	}
	isPlain := func(x *exit) bool { return x.plain }
	last := trace()
	if i := slices.IndexFunc(can, func(x *exit) bool { return !x.plain && x.has(last) }); i >= 0 {
		if slices.ContainsFunc(can, isPlain) {
			return nil // it can be one of those: their code has no position, so that of the code before it counts
		}
		return can[i]
	}
	return only(slices.DeleteFunc(can, func(x *exit) bool { return !x.plain }))
}

func only(all []*exit) *exit {
	if len(all) == 1 {
		return all[0]
	}
	return nil
}

// span returns the place of the returned expression, as far as it is in its first line.
func (x *exit) span() diag.Span {
	span := diag.At(x.pos)
	if x.end.Line == x.pos.Line {
		span.End = int(x.end.Col)
	}
	return span
}

// has reports whether a position is in the exit.
func (x *exit) has(pos syntax.Position) bool {
	before := func(a, b syntax.Position) bool { return a.Line < b.Line || a.Line == b.Line && a.Col < b.Col }
	return pos.IsValid() && !before(pos, x.pos) && before(pos, x.end)
}

// trace calls the function once more, and returns the position of the last step that it
// takes itself.
func (r *Router) trace(src match.Request) (last syntax.Position) {
	c := newCaller(r.opts.Func, r.opts.Steps, func(*starlark.Thread, string) {})
	within := c.thread.OnMaxSteps
	next := uint64(untimedSteps)
	c.thread.OnMaxSteps = func(thread *starlark.Thread) {
		if thread.CallStackDepth() == 1 {
			last = thread.CallFrame(0).Pos
		}
		if steps := thread.ExecutionSteps(); steps >= next {
			next = steps + timedSteps
			if within(thread); c.ended != nil {
				return
			}
		}
		thread.SetMaxExecutionSteps(thread.ExecutionSteps() + 1)
	}
	c.eachStep = true
	_, _ = c.call(src) // it has just succeeded
	return last
}

// gives reports whether an exit can return a value.
func (x *exit) gives(v starlark.Value) bool {
	if _, ok := v.(decision); ok {
		return x.decides || x.unknown
	}
	return x.unknown || slices.ContainsFunc(x.values, func(w starlark.Value) bool { return alike(v, w) })
}

// alike reports whether two values are the same text, number or truth, or of the same
// other type.
func alike(v, w starlark.Value) bool {
	switch v.(type) {
	case starlark.String, starlark.Int, starlark.Bool, starlark.Float:
		same, err := starlark.Equal(v, w)
		return same && err == nil
	}
	return v.Type() == w.Type()
}
