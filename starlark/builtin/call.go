package builtin

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A call reads the arguments of one call of a word.
type call struct {
	session *Session
	word    *Word
	expr    *syntax.CallExpr // nil if the text of the call is unknown
	span    diag.Span        // of the word
	trace   []diag.Frame
	failed  bool  // a diagnostic was reported
	late    bool  // a request makes the call, so nothing is reported
	err     error // the first error of a late call
}

// A given is an argument of a call with the position of its value.
type given struct {
	arg   *Argument
	value starlark.Value
	expr  syntax.Expr // nil if the value comes from * or **
	span  diag.Span   // of the value
	name  diag.Span   // of the name, or of the value if it has no name
	first int         // of a variadic argument: the index of its first value
}

// begin begins to read a call of a word.
func (s *Session) begin(thread *starlark.Thread, word *Word) *call {
	c := &call{session: s, word: word, late: s.late}
	if c.late {
		return c
	}
	if s.static != nil {
		c.expr, c.span = s.static, s.opts.Sources.Span(s.static.Fn)
		return c
	}
	stack := thread.CallStack()
	c.span, c.trace = diag.Place(stack, s.opts.Sources)
	// The caller's frame is below that of the word. If the caller is not in a
	// file, as in sorted(x, key = WorkerGroup), the arguments have no text.
	if n := len(stack); n >= 2 {
		c.expr = s.opts.Sources.Call(stack[n-2].Pos)
	}
	if c.expr != nil {
		c.span = s.opts.Sources.Span(c.expr.Fn)
	}
	return c
}

// report adds an error to the call.
func (c *call) report(d diag.Diagnostic) {
	c.failed = true
	if c.late {
		c.err = cmp.Or(c.err, lateError(&d))
		return
	}
	d.Severity = diag.Error
	c.add(d)
}

// warn adds a warning to the call. A call of a request has none.
func (c *call) warn(d diag.Diagnostic) {
	if c.late {
		return
	}
	d.Severity = diag.Warning
	c.add(d)
}

func (c *call) add(d diag.Diagnostic) {
	d.Trace = c.trace
	if d.Span.File == "" {
		d.Span = c.span
	}
	c.session.opts.Report(d)
}

// wrong reports an error in the value of subject. Code is the code for an error
// in the content.
func (c *call) wrong(span diag.Span, subject, code string, err error) {
	d := diag.Diagnostic{Code: code, Span: span}
	var e *value.Error
	if errors.As(err, &e) {
		d.Message, d.Label, d.Hint = subject+" "+e.Message, e.Label, e.Hint
		if e.Type {
			d.Code = codeType
		}
	} else {
		// ldcorn's own errors say what is wrong and then what to write.
		message, label, _ := strings.Cut(err.Error(), "; ")
		d.Message, d.Label = subject+": "+message, label
	}
	c.report(d)
}

// fails reports whether do reports a diagnostic.
func (c *call) fails(do func()) bool {
	before := c.failed
	c.failed = false
	do()
	now := c.failed
	c.failed = before || now
	return now
}

// wrongValue reports an error in an argument's value or in one of its elements.
func (c *call) wrongValue(g *given, err error) {
	span, subject := g.span, "`"+g.arg.Name+"`"
	var elem *value.ElementError
	if errors.As(err, &elem) {
		span = c.element(g, elem.Index)
		subject = fmt.Sprintf("`%s[%d]`", g.arg.Name, elem.Index)
		err = elem.Err
	}
	var e *value.Error
	if errors.As(err, &e) && e.Label == "" && g.expr != nil && g.name == g.span && elem == nil {
		named := *e // the reader sees the value only
		named.Label = fmt.Sprintf("this is `%s` of %s", g.arg.Name, c.word.Name)
		err = &named
	}
	c.wrong(span, subject, codeValue, err)
}

// bind matches values to arguments and reports those that do not match.
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
			c.tooMany(span, len(positional), args, kwargs)
			break
		}
		out[positional[i].Name] = &given{arg: &positional[i], value: v, expr: known(expr), span: span, name: span}
	}
	meant := make(map[string]bool) // arguments suggested for unknown ones
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
				Message: fmt.Sprintf("%s takes `%s` only by position", c.word.Name, name),
				Label:   fmt.Sprintf("write %s(%s)", c.word.Name, g.arg.Example),
			})
		case before != nil:
			c.report(diag.Diagnostic{
				Code: codeTwice, Span: g.name,
				Message: fmt.Sprintf("%s got `%s` twice", c.word.Name, name),
				Label:   "already given by position",
				Related: []diag.Related{{Span: before.span, Label: "given here"}},
			})
		default:
			out[name] = g
		}
	}
	c.missing(out, meant)
	return out
}

// spansOf returns the positions of the values of arguments.
func spansOf(have map[string]*given) map[string]diag.Span {
	out := make(map[string]diag.Span, len(have))
	for name, g := range have {
		out[name] = g.span
	}
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
	near := c.word.otherwise(name)
	if near == "" {
		var why string
		if why, d.Label = c.word.foreign(name); why != "" {
			d.Message += ": " + why
		}
	}
	if near == "" && d.Label == "" {
		near = c.word.near(name)
	}
	switch {
	case near != "":
		d.Label = fmt.Sprintf("did you mean `%s`?", near)
	case d.Label == "":
		d.Label = c.session.elsewhere(c.word, name)
		if d.Label == "" {
			d.Label = c.word.listed()
		}
	}
	c.report(d)
	return near
}

func (c *call) tooMany(span diag.Span, want int, args starlark.Tuple, kwargs []starlark.Tuple) {
	message, label := c.word.tooMany(want, len(args))
	if l := c.word.byName(args[want], kwargs); l != "" {
		label = l
	}
	c.report(diag.Diagnostic{Code: codeTooMany, Span: span, Message: message, Label: label})
}

// tooMany returns the error for more positional arguments than a word takes.
func (w *Word) tooMany(want, got int) (message, label string) {
	message = fmt.Sprintf("%s takes %d positional arguments, got %d", w.Name, want, got)
	switch {
	case want == 0:
		message = fmt.Sprintf("%s takes no positional arguments", w.Name)
	case want == 1:
		message = fmt.Sprintf("%s takes 1 positional argument, got %d", w.Name, got)
	}
	if want < len(w.Arguments) {
		label = fmt.Sprintf("pass the others by name, such as `%s=…`", w.Arguments[want].Name)
		if want == 0 {
			label = fmt.Sprintf("pass them by name, such as `%s=…`", w.Arguments[0].Name)
		}
	}
	return message, label
}

// fewArguments is how many arguments a word can have so that one of them can be told
// from a value.
const fewArguments = 8

// byName returns the correction for one positional value too many: the argument that
// it is most likely for. It returns "" if it cannot tell.
func (w *Word) byName(v starlark.Value, given []starlark.Tuple) string {
	kind := ""
	switch v.(type) {
	case starlark.Int:
		kind = "int"
	case starlark.String:
		kind = "str"
	case *Rate:
		kind = "rate"
	case *Key:
		kind = "key"
	}
	if kind == "" || len(w.Arguments) > fewArguments {
		return w.surplus
	}
	for _, a := range w.Arguments[len(w.positional()):] {
		isGiven := slices.ContainsFunc(given, func(kv starlark.Tuple) bool { return kv[0] == starlark.String(a.Name) })
		if isGiven || !strings.HasPrefix(a.Type, kind) {
			continue
		}
		if kind == "rate" || kind == "key" {
			return fmt.Sprintf("write %s=…", a.Name)
		}
		return fmt.Sprintf("write %s=%s", a.Name, v.String())
	}
	return w.surplus
}

// missing reports required arguments that are not given. It skips an argument
// that was suggested for an unknown one.
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
