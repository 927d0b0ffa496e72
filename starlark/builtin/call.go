package builtin

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A call is one call of a word, while it reads its arguments.
type call struct {
	session *Session
	word    *Word
	expr    *syntax.CallExpr // nil where the text of the call is not known
	span    diag.Span        // of the word
	trace   []diag.Frame
	failed  bool  // something was reported
	late    bool  // it is for a request: nothing is reported
	err     error // of a late call: the first that would have been
}

// given is an argument of a call, with the place of its value.
type given struct {
	arg   *Argument
	value starlark.Value
	expr  syntax.Expr // nil where the value comes from * or **
	span  diag.Span   // of the value
	name  diag.Span   // of the name, or of the value where it has none
	first int         // of a variadic argument: the place of its first value
}

// begin starts reading a call of a word.
func (s *Session) begin(thread *starlark.Thread, word *Word) *call {
	c := &call{session: s, word: word, late: s.late}
	if c.late {
		return c
	}
	stack := thread.CallStack()
	c.span, c.trace = diag.Place(stack, s.opts.Sources)
	// Below the word's own frame is its caller's. Where that is no file, as in
	// sorted(x, key = WorkerGroup), the arguments are written nowhere.
	if n := len(stack); n >= 2 {
		c.expr = s.opts.Sources.Call(stack[n-2].Pos)
	}
	if c.expr != nil {
		c.span = s.opts.Sources.Span(c.expr.Fn)
	}
	return c
}

// report adds a diagnostic of the call.
func (c *call) report(d diag.Diagnostic) {
	c.failed = true
	if c.late {
		c.err = cmp.Or(c.err, lateError(&d))
		return
	}
	d.Severity = diag.Error
	d.Trace = c.trace
	if d.Span.File == "" {
		d.Span = c.span
	}
	c.session.opts.Report(d)
}

// wrong reports that a value cannot be what subject says. Code is that of an
// error about content.
func (c *call) wrong(span diag.Span, subject, code string, err error) {
	d := diag.Diagnostic{Code: code, Span: span}
	var e *value.Error
	if errors.As(err, &e) {
		d.Message, d.Label, d.Hint = subject+" "+e.Message, e.Label, e.Hint
		if e.Type {
			d.Code = codeType
		}
	} else {
		// Our own errors say what is wrong, then what to write.
		message, label, _ := strings.Cut(err.Error(), "; ")
		d.Message, d.Label = subject+": "+message, label
	}
	c.report(d)
}

// wrongValue reports an error of an argument's value, or of one of its elements.
func (c *call) wrongValue(g *given, err error) {
	span, subject := g.span, "`"+g.arg.Name+"`"
	var elem *value.ElementError
	if errors.As(err, &elem) {
		span = c.element(g, elem.Index)
		subject = fmt.Sprintf("`%s[%d]`", g.arg.Name, elem.Index)
		err = elem.Err
	}
	c.wrong(span, subject, codeValue, err)
}

// bind gives each argument its value, and reports those that cannot be.
func (c *call) bind(args starlark.Tuple, kwargs []starlark.Tuple) map[string]*given {
	if c.late {
		return c.bindLate(args, kwargs)
	}
	out := make(map[string]*given)
	positional := c.word.positional()
	for i, v := range args {
		expr := c.positionalExpr(i)
		span := c.spanOf(expr)
		if last := len(positional) - 1; last >= 0 && i >= last && positional[last].Variadic {
			out[positional[last].Name] = &given{arg: &positional[last], value: args[last:], span: span, name: span, first: last}
			break
		}
		if i >= len(positional) {
			c.tooMany(span, len(positional), len(args))
			break
		}
		out[positional[i].Name] = &given{arg: &positional[i], value: v, expr: known(expr), span: span, name: span}
	}
	meant := make(map[string]bool) // what unknown arguments were taken for
	for _, kv := range kwargs {
		name := string(kv[0].(starlark.String))
		g := c.keyword(name, kv[1])
		switch before := out[name]; {
		case g.arg == nil:
			meant[c.unknown(name, g.name)] = true
		case g.arg.Variadic:
			meant[name] = true
			c.report(diag.Diagnostic{
				Code: codeUnknown, Span: g.name,
				Message: fmt.Sprintf("%s takes `%s` by place only", c.word.Name, name),
				Label:   fmt.Sprintf("write %s(%s)", c.word.Name, g.arg.Example),
			})
		case before != nil:
			c.report(diag.Diagnostic{
				Code: codeTwice, Span: g.name,
				Message: fmt.Sprintf("%s gets `%s` twice", c.word.Name, name),
				Label:   "it is given by its place already",
				Related: []diag.Related{{Span: before.span, Label: "given here"}},
			})
		default:
			out[name] = g
		}
	}
	c.missing(out, meant)
	return out
}

func (c *call) keyword(name string, v starlark.Value) *given {
	g := &given{arg: c.word.argument(name), value: v}
	nameExpr, expr := c.keywordExpr(name)
	g.expr, g.span, g.name = known(expr), c.spanOf(expr), c.spanOf(nameExpr)
	return g
}

func (c *call) unknown(name string, span diag.Span) string {
	d := diag.Diagnostic{
		Code: codeUnknown, Span: span,
		Message: fmt.Sprintf("%s has no argument `%s`", c.word.Name, name),
	}
	near := c.word.near(name)
	if near != "" {
		d.Label = fmt.Sprintf("did you mean `%s`?", near)
	} else if other := c.session.elsewhere(c.word, name); other != "" {
		d.Label = other
	}
	c.report(d)
	return near
}

func (c *call) tooMany(span diag.Span, want, got int) {
	message, label := c.word.tooMany(want, got)
	c.report(diag.Diagnostic{Code: codeTooMany, Span: span, Message: message, Label: label})
}

// tooMany says that there are more arguments by place than a word takes.
func (w *Word) tooMany(want, got int) (message, label string) {
	message = fmt.Sprintf("%s takes %d arguments by place, got %d", w.Name, want, got)
	switch {
	case want == 0:
		message = fmt.Sprintf("%s takes no arguments by place", w.Name)
	case want == 1:
		message = fmt.Sprintf("%s takes 1 argument by place, got %d", w.Name, got)
	}
	if want < len(w.Arguments) {
		label = fmt.Sprintf("give the others by name, such as `%s=…`", w.Arguments[want].Name)
	}
	return message, label
}

// missing reports required arguments that are not there. One that an unknown
// argument was taken for has been reported already.
func (c *call) missing(have map[string]*given, meant map[string]bool) {
	of := c.word.Name
	if g := have["name"]; g != nil && c.word.Name == "WorkerGroup" {
		if s, ok := g.value.(starlark.String); ok {
			of += " " + value.Quote(string(s))
		}
	}
	for _, a := range c.word.Arguments {
		if a.Required && have[a.Name] == nil && !meant[a.Name] {
			c.report(diag.Diagnostic{
				Code: codeMissing, Span: c.span,
				Message: fmt.Sprintf("%s needs `%s`", of, a.Name),
				Label:   "add " + a.Example,
			})
		}
	}
}

// positionalExpr returns the text of the i-th argument by place: a *args
// where it comes from one.
func (c *call) positionalExpr(i int) syntax.Expr {
	if c.expr == nil {
		return nil
	}
	for n, arg := range c.expr.Args {
		switch x := arg.(type) {
		case *syntax.UnaryExpr:
			if x.Op == syntax.STAR {
				return arg
			}
		case *syntax.BinaryExpr:
			if x.Op == syntax.EQ {
				return nil
			}
		}
		if n == i {
			return arg
		}
	}
	return nil
}

// keywordExpr returns the text of an argument's name and value: both are the
// **kwargs where it comes from one.
func (c *call) keywordExpr(name string) (key, val syntax.Expr) {
	if c.expr == nil {
		return nil, nil
	}
	for _, arg := range c.expr.Args {
		switch x := arg.(type) {
		case *syntax.BinaryExpr:
			if id, ok := x.X.(*syntax.Ident); ok && x.Op == syntax.EQ && id.Name == name {
				return id, x.Y
			}
		case *syntax.UnaryExpr:
			if x.Op == syntax.STARSTAR {
				key, val = x, x
			}
		}
	}
	if dict, ok := spread(val); ok { // **{"name": value}
		for _, e := range dict.List {
			entry := e.(*syntax.DictEntry)
			if lit, ok := entry.Key.(*syntax.Literal); ok && lit.Value == name {
				return entry.Key, entry.Value
			}
		}
	}
	return key, val
}

func spread(e syntax.Expr) (*syntax.DictExpr, bool) {
	if u, ok := e.(*syntax.UnaryExpr); ok {
		dict, ok := unparen(u.X).(*syntax.DictExpr)
		return dict, ok
	}
	return nil, false
}

// known drops the expressions that stand for more than one value.
func known(e syntax.Expr) syntax.Expr {
	if u, ok := e.(*syntax.UnaryExpr); ok && (u.Op == syntax.STAR || u.Op == syntax.STARSTAR) {
		return nil
	}
	return e
}

// spanOf returns the place of an expression, that of the word where unknown.
func (c *call) spanOf(e syntax.Expr) diag.Span {
	if e == nil {
		return c.span
	}
	return c.session.opts.Sources.Span(e)
}

// element returns the place of an element of a list, that of the list where
// it is not written out.
func (c *call) element(g *given, i int) diag.Span {
	if g.arg.Variadic {
		return c.spanOf(c.positionalExpr(g.first + i))
	}
	switch x := unparen(g.expr).(type) {
	case *syntax.ListExpr:
		if i < len(x.List) {
			return c.spanOf(x.List[i])
		}
	case *syntax.TupleExpr:
		if i < len(x.List) {
			return c.spanOf(x.List[i])
		}
	}
	return g.span
}

// entry returns the places of a key of a dict and of its value, those of the
// dict where it is not written out.
func (c *call) entry(g *given, key starlark.Value) (k, v diag.Span) {
	name, ok := key.(starlark.String)
	dict, isDict := unparen(g.expr).(*syntax.DictExpr)
	if !isDict {
		return g.span, g.span
	}
	for _, e := range dict.List {
		entry := e.(*syntax.DictEntry)
		lit, isLiteral := entry.Key.(*syntax.Literal)
		if isLiteral && (ok && lit.Value == string(name) || !ok && lit.Raw == key.String()) {
			return c.spanOf(entry.Key), c.spanOf(entry.Value)
		}
	}
	return g.span, g.span
}

func unparen(e syntax.Expr) syntax.Expr {
	for {
		p, ok := e.(*syntax.ParenExpr)
		if !ok {
			return e
		}
		e = p.X
	}
}

// position returns a span as a plan remembers it.
func position(s diag.Span) plan.Pos {
	return plan.Pos{File: s.File, Line: s.Line, Col: s.Col}
}
