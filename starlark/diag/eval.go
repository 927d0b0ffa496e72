package diag

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Eval explains an error of the evaluation: its innermost place in a file and
// the calls that led there. For an error that came through load, that is a
// place in the loaded file.
func Eval(err error, sources *Sources) Diagnostic {
	d := Diagnostic{Code: CodeEval, Severity: Error}
	deepest := innermost(err)
	if deepest == nil {
		d.Message = clip(err.Error())
		return d
	}
	d.Message = clip(deepest.Msg) // before matching the patterns
	d.Span, d.Trace = Place(deepest.CallStack, sources)
	if last := len(d.Trace) - 1; last >= 0 && ofCall.MatchString(d.Message) {
		d.Span, d.Trace = d.Trace[last].Span, d.Trace[:last]
	}
	if m := notLoaded.FindStringSubmatch(d.Message); m != nil {
		d.Span = sources.String(d.Span, m[1])
	}
	explain(&d)
	if m := notCallable.FindStringSubmatch(clip(deepest.Msg)); m != nil {
		if name := calledName(deepest.CallStack, sources); name != "" {
			d.Label = fmt.Sprintf("`%s` is of type %s here: does the file assign something else to this name, or is a comma missing?", name, m[1])
		}
	}
	d.Message = strings.NewReplacer("builtin_function_or_method", "function", "NoneType", "None").Replace(d.Message)
	return d
}

// ofCall matches errors that are raised inside a function but are about its
// call.
var ofCall = regexp.MustCompile(`^function \S+ (called recursively|accepts|got|missing) ?`)

var notLoaded = regexp.MustCompile(`^load: name (\S+) not found in module`)

var notCallable = regexp.MustCompile(`^invalid call of non-function \((\S+)\)$`)

// calledName returns the name called at the end of a stack, or "" if the called
// expression is not just a name.
func calledName(stack starlark.CallStack, sources *Sources) string {
	if len(stack) == 0 {
		return ""
	}
	if call := sources.Call(stack[len(stack)-1].Pos); call != nil {
		if name, ok := call.Fn.(*syntax.Ident); ok {
			return name.Name
		}
	}
	return ""
}

// innermost returns the last EvalError of a chain: the error of a load wraps
// that of the loaded file.
func innermost(err error) *starlark.EvalError {
	var found *starlark.EvalError
	for {
		var e *starlark.EvalError
		if !errors.As(err, &e) {
			return found
		}
		found, err = e, e.Unwrap()
	}
}

// Place returns the place in a file where a call stack ends, and the calls that
// led there, outermost first. It skips frames outside files.
func Place(stack starlark.CallStack, sources *Sources) (Span, []Frame) {
	var users []starlark.CallFrame
	for _, fr := range stack {
		if InFile(fr.Pos) {
			users = append(users, fr)
		}
	}
	if len(users) == 0 {
		return Span{}, nil
	}
	var trace []Frame
	for i, fr := range users[:len(users)-1] {
		trace = append(trace, Frame{Function: users[i+1].Name, Span: sources.At(fr.Pos)})
	}
	return sources.At(users[len(users)-1].Pos), trace
}

// InFile reports whether a position is in a file rather than a builtin.
func InFile(pos syntax.Position) bool { return pos.IsValid() && pos.Line > 0 }

// An explanation rewords an error of the interpreter. $1 and $2 in its texts
// stand for groups of the pattern. An empty message keeps the interpreter's.
type explanation struct {
	pattern *regexp.Regexp
	code    string
	message string
	label   string
}

var explanations = []explanation{
	{regexp.MustCompile(`^unknown binary op: string \+ (int|float)$`), "", "a string and a number cannot be added", "write str(…) around the number"},
	{regexp.MustCompile(`^unknown binary op: (int|float) \+ string$`), "", "a number and a string cannot be added", "write str(…) around the number, or int(…) around the string"},
	{regexp.MustCompile(`^unknown binary op: (\S+) (and|or|in|not in|[-+*/%<>=|&^]+) (\S+)$`), "", "`$2` does not work between $1 and $3", ""},
	{regexp.MustCompile(`^(.*) has no \.(\S+) field or method \(did you mean \.(\S+)\?\)$`), "", "$1 has no `.$2`", "did you mean `.$3`?"},
	{regexp.MustCompile(`^(.*) has no \.(\S+) field or method$`), "", "$1 has no `.$2`", ""},
	{regexp.MustCompile(`^(\S+) has no \.(\S+) attribute$`), "", "$1 has no `.$2`", ""},
	{regexp.MustCompile(`^string value is not iterable$`), "", "a string is not a list of letters here", "write .elems() after it for its letters, or [ ] around it for a list of one"},
	{regexp.MustCompile(`^(\S+) value is not iterable$`), "", "$1 cannot be looped over", "a list, tuple, dict or range(n) can"},
	{regexp.MustCompile(`^(?:\S+: )?cannot .* frozen (\S+)$`), CodeFrozen, "this $1 belongs to another file and cannot change", "make a copy: $1(…)"},
	{regexp.MustCompile(`^function (\S+) called recursively$`), "", "`$1` calls itself, which Starlark does not allow", "use a `for` loop"},
	{regexp.MustCompile(`^key (.*) not in dict$`), "", "the dict has no key $1", "write .get($1, default) where it may be missing"},
	{regexp.MustCompile(`^(\S+) index (-?\d+) out of range.*$`), "", "the $1 has no element $2", ""},
	{regexp.MustCompile(`^global variable (\S+) referenced before assignment$`), CodeUndefined, "`$1` is used before it has a value", "move its assignment above this line"},
	{regexp.MustCompile(`^local variable (\S+) referenced before assignment$`), CodeUndefined, "`$1` is used before it has a value", "a function cannot change a variable outside of it: return the value"},
	{regexp.MustCompile(`^function (\S+) got an unexpected keyword argument "?(\w+)"?$`), "", "`$1` has no argument `$2`", ""},
	{regexp.MustCompile(`^function (\S+) missing \d+ arguments? \((.*)\)$`), "", "`$1` is called without $2", ""},
	{regexp.MustCompile(`^function (\S+) accepts (.*)$`), "", "`$1` accepts $2", ""},
	{regexp.MustCompile(`^invalid call of non-function \((\S+)\)$`), "", "a value of type $1 cannot be called", "is a comma missing before the parenthesis?"},
	{regexp.MustCompile(`^(floating-point division|floored division|integer modulo|floating-point modulo) by zero$`), "", "division by zero", ""},
	{regexp.MustCompile(`^int: invalid literal with base \d+: (.*)$`), "", `int() cannot read "$1" as a whole number`, ""},
	{regexp.MustCompile(`^load: name (\S+) not found in module (.*) \(did you mean (\S+)\?\)$`), "", `"$2" has no "$1"`, `did you mean "$3"?`},
	{regexp.MustCompile(`^load: name (\S+) not found in module (.*)$`), "", `"$2" has no "$1"`, ""},
	{regexp.MustCompile(`^fail: (.*)$`), "", "$1", "raised by fail()"},
}

// explain rewords an error of the interpreter if there is a better text.
func explain(d *Diagnostic) {
	d.Message, _, _ = strings.Cut(d.Message, "\n")
	for _, e := range explanations {
		m := e.pattern.FindStringSubmatchIndex(d.Message)
		if m == nil {
			continue
		}
		said := d.Message
		d.Message = string(e.pattern.ExpandString(nil, e.message, said, m))
		d.Label = string(e.pattern.ExpandString(nil, e.label, said, m))
		if e.code != "" {
			d.Code = e.code
		}
		return
	}
	// The interpreter's checks of builtins read "len: got 2 arguments …".
	if fn, rest, ok := strings.Cut(d.Message, ": "); ok && !strings.ContainsAny(fn, " \"") {
		d.Message = fmt.Sprintf("%s(): %s", fn, rest)
	}
}
