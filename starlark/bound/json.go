package bound

import (
	"fmt"

	"go.starlark.net/lib/json"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// JSON is the json module with limits.
var JSON = &starlarkstruct.Module{
	Name: "json",
	Members: starlark.StringDict{
		"encode":        jsonWord("encode", checkEncode),
		"encode_indent": jsonWord("encode_indent", checkEncodeIndent),
		"decode":        jsonWord("decode", checkDecode),
		"indent":        jsonWord("indent", checkIndent),
	},
}

func jsonWord(name string, check func(*starlark.Thread, *Limits, starlark.Tuple, []starlark.Tuple) error) *starlark.Builtin {
	own := json.Module.Members[name].(*starlark.Builtin)
	return starlark.NewBuiltin(own.Name(), func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		_, l := meterOf(thread)
		if len(args) == 0 { // decode also takes its argument by name
			for _, pair := range kwargs {
				if pair[0] == starlark.String("x") {
					args, kwargs = starlark.Tuple{pair[1]}, without(kwargs, "x")
					break
				}
			}
		}
		if len(args) > 0 {
			if err := check(thread, l, args, kwargs); err != nil {
				return nil, fmt.Errorf("%s: %w", own.Name(), err)
			}
		}
		return own.CallInternal(thread, args, kwargs)
	})
}

func without(kwargs []starlark.Tuple, name starlark.String) (out []starlark.Tuple) {
	for _, pair := range kwargs {
		if pair[0] != name {
			out = append(out, pair)
		}
	}
	return out
}

func checkEncode(thread *starlark.Thread, l *Limits, args starlark.Tuple, _ []starlark.Tuple) error {
	w, ok := weigh(l.Bytes, l.Depth, args...)
	if !ok {
		return l.tooDeep("the value")
	}
	return spend(thread, w, "encoding the value")
}

func checkEncodeIndent(thread *starlark.Thread, l *Limits, args starlark.Tuple, kwargs []starlark.Tuple) error {
	w, ok := weigh(l.Bytes, l.Depth, args...)
	if !ok {
		return l.tooDeep("the value")
	}
	n, depth := nodes(args[0])
	return spend(thread, w+times(n, indents(kwargs, depth)), "encoding the value")
}

// nodes returns how many lines a value takes at most, and how deeply it nests.
func nodes(v starlark.Value) (n, depth int) {
	if _, ok := flat(v); ok {
		return 1, 0
	}
	add := func(e starlark.Value) {
		m, d := nodes(e)
		n, depth = n+m, max(depth, d)
	}
	switch v := v.(type) {
	case *starlark.Dict:
		for _, val := range v.Entries() {
			add(val)
		}
	case *starlarkstruct.Struct:
		for _, name := range v.AttrNames() {
			if a, err := v.Attr(name); err == nil {
				add(a)
			}
		}
	case starlark.Iterable:
		for e := range starlark.Elements(v) {
			add(e)
		}
	}
	return n + 2, depth + 1
}

// indents returns the largest number of bytes that begin a line.
func indents(kwargs []starlark.Tuple, depth int) int {
	each, total := 1, 0
	for _, pair := range kwargs {
		switch s, _ := starlark.AsString(pair[1]); pair[0] {
		case starlark.String("indent"):
			each = len(s)
		case starlark.String("prefix"):
			total = len(s)
		}
	}
	return total + times(each, depth)
}

func checkIndent(thread *starlark.Thread, l *Limits, args starlark.Tuple, kwargs []starlark.Tuple) error {
	s, ok := starlark.AsString(args[0])
	if !ok {
		return nil
	}
	t, err := l.text(s)
	if err != nil {
		return err
	}
	return spend(thread, len(s)+times(t.lines, indents(kwargs, t.depth)), "indenting the text")
}

func checkDecode(thread *starlark.Thread, l *Limits, args starlark.Tuple, _ []starlark.Tuple) error {
	s, ok := starlark.AsString(args[0])
	if !ok {
		return nil
	}
	t, err := l.text(s)
	if err != nil {
		return err
	}
	return spend(thread, len(s)+times(t.lines, dictWeight), "decoding the text")
}

// A jsonText holds the measures of a JSON text.
type jsonText struct{ lines, depth int }

// text measures a text that may not be valid JSON, and refuses it if it nests
// too deeply or has too long a number. The interpreter recurses at each level
// and takes more than linear time to read a number.
func (l *Limits) text(s string) (t jsonText, err error) {
	quoted, depth, digits := false, 0, 0
	t.lines = 1
	for i := 0; i < len(s); i++ {
		c := s[i]
		if quoted {
			switch c {
			case '\\':
				i++
			case '"':
				quoted = false
			}
			continue
		}
		if c < '0' || c > '9' {
			digits = 0
		} else if digits++; digits > l.Digits {
			return t, fmt.Errorf("a number of more than %d digits is too long for %s", l.Digits, l.For)
		}
		switch c {
		case '"':
			quoted = true
		case '[', '{':
			depth++
			t.lines, t.depth = t.lines+2, max(t.depth, depth)
		case ']', '}':
			depth--
		case ',':
			t.lines++
		}
		if depth > l.Depth {
			return t, fmt.Errorf("more than %d levels are too deep for %s", l.Depth, l.For)
		}
	}
	return t, nil
}
