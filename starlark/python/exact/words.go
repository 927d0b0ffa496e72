package exact

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"go.starlark.net/starlark"
)

// Words returns the words of a file: those that it has already, some of them with a
// check, and those that Rewrite uses. Late reports whether the configuration has been
// loaded. Python then has no part in it, and nothing is checked.
func Words(words starlark.StringDict, late func() bool) starlark.StringDict {
	out := make(starlark.StringDict, len(words))
	for name, v := range words {
		out[name] = v
	}
	for name, check := range checks {
		inner, ok := words[name].(starlark.Callable)
		if !ok {
			inner, ok = starlark.Universe[name].(starlark.Callable)
		}
		if ok {
			out[name] = &checked{inner, check, late}
		}
	}
	for name, check := range texts {
		for _, argued := range []string{"", argued} {
			out[prefix+name+argued] = ofText(late, func(s string) error { return check(s, argued != "") })
		}
	}
	out[elements] = ofText(late, func(s string) error { return counts(s, true) })
	out[padded] = starlark.NewBuiltin(prefix, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		if _, ok := args[0].(starlark.Int); !ok && !late() {
			return nil, difference(fmt.Sprintf("pads a %s with zeros in another way", args[0].Type()))
		}
		return args[0], nil
	})
	return out
}

// ofText returns a word that returns its argument, after the check if that is a string.
func ofText(late func() bool, check func(s string) error) *starlark.Builtin {
	return starlark.NewBuiltin(prefix, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		if s, ok := args[0].(starlark.String); ok && !late() {
			if err := check(string(s)); err != nil {
				return nil, err
			}
		}
		return args[0], nil
	})
}

// checks holds the words that make text of values, by the names that package bound gives
// to those of syntax.
var checks = map[string]func(args starlark.Tuple, kwargs []starlark.Tuple) error{
	"str":     written,
	"repr":    quoted,
	"len":     lengths,
	".format": formatted,
	"%":       interpolated,
	"%=":      interpolated,
	"[%":      func(args starlark.Tuple, _ []starlark.Tuple) error { return interpolates("%s", args[0]) },
}

// A checked is a word that checks its arguments first.
type checked struct {
	starlark.Callable
	check func(args starlark.Tuple, kwargs []starlark.Tuple) error
	late  func() bool
}

// CallInternal checks the arguments and calls the word.
func (c *checked) CallInternal(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if !c.late() {
		if err := c.check(args, kwargs); err != nil {
			return nil, err
		}
	}
	return c.Callable.CallInternal(thread, args, kwargs)
}

func written(args starlark.Tuple, _ []starlark.Tuple) error {
	for _, v := range args {
		if err := same(v); err != nil {
			return err
		}
	}
	return nil
}

// same returns an error if the text of a value differs in Python.
func same(v starlark.Value) error {
	switch v := v.(type) {
	case starlark.Float:
		if v.String() == floatText(float64(v)) {
			return nil
		}
	case *starlark.List, starlark.Tuple, *starlark.Dict, *starlark.Set, starlark.Bytes, starlark.Callable:
	default: // a value of ldcorn has a text of its own
		if v.Type() != "range" {
			return nil
		}
	}
	return difference(fmt.Sprintf("writes a %s as text in another way", v.Type()))
}

// floatText returns the text of a float in Python.
func floatText(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case math.IsNaN(f):
		return "nan"
	}
	const least, most = 1e-4, 1e16 // of numbers without an exponent
	if size := math.Abs(f); size != 0 && (size < least || size >= most) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// quoted returns an error if the representation of a value differs in Python, where
// quotes are not the same.
func quoted(args starlark.Tuple, _ []starlark.Tuple) error {
	for _, v := range args {
		if s, ok := v.(starlark.String); ok {
			if other := func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }; strings.ContainsFunc(string(s), other) {
				return difference("writes other quotes around a string")
			}
			continue // the helpers of a rewritten file replace the quotes
		}
		if err := same(v); err != nil {
			return err
		}
	}
	return nil
}

func lengths(args starlark.Tuple, _ []starlark.Tuple) error {
	if len(args) == 1 {
		if s, ok := starlark.AsString(args[0]); ok {
			return counts(s, true)
		}
	}
	return nil
}

// represents matches a field of a format that writes a string with quotes.
var represents = regexp.MustCompile(`![ra]`)

// formatted checks a call of format, with the string first.
func formatted(args starlark.Tuple, kwargs []starlark.Tuple) error {
	format, ok := starlark.AsString(args[0])
	if !ok {
		return nil
	}
	quotes := represents.MatchString(format)
	for _, v := range args[1:] {
		if err := shown(v, quotes); err != nil {
			return err
		}
	}
	for _, pair := range kwargs {
		if err := shown(pair[1], quotes); err != nil {
			return err
		}
	}
	return nil
}

func shown(v starlark.Value, quotes bool) error {
	if _, isText := v.(starlark.String); isText && quotes {
		return difference("writes other quotes around a string")
	}
	return same(v)
}

// interpolated checks x % y.
func interpolated(args starlark.Tuple, _ []starlark.Tuple) error {
	format, ok := starlark.AsString(args[0])
	if !ok {
		return nil
	}
	return interpolates(format, args[1])
}

var (
	percentQuotes = regexp.MustCompile(`%(\([^)]*\))?[ra]`)
	percentFloats = regexp.MustCompile(`%(\([^)]*\))?[eEfFgG]`)
)

func interpolates(format string, y starlark.Value) error {
	values := []starlark.Value{y}
	switch y := y.(type) {
	case starlark.Tuple:
		values = y
	case *starlark.Dict:
		if strings.Contains(format, "%(") {
			values = values[:0]
			for _, item := range y.Items() {
				values = append(values, item[1])
			}
		}
	}
	quotes, floats := percentQuotes.MatchString(format), percentFloats.MatchString(format)
	for _, v := range values {
		if _, ok := v.(starlark.Float); ok && floats {
			return difference("can round a number in another way")
		}
		if err := shown(v, quotes); err != nil {
			return err
		}
	}
	return nil
}
