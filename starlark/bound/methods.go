package bound

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.starlark.net/starlark"
)

// A price checks the operation that a method of recv is about to do.
type price func(thread *starlark.Thread, recv starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) error

// ofText holds the methods of strings that make new strings or lists.
var ofText = map[string]func(thread *starlark.Thread, s string, args starlark.Tuple, kwargs []starlark.Tuple) error{
	"capitalize": copies, "lower": copies, "title": copies, "upper": copies,
	"strip": trims, "lstrip": trims, "rstrip": trims,
	"split": splits, "rsplit": splits, "splitlines": splits,
	"join": joins, "replace": replaces, "format": formats,
}

// ofTable holds the methods of lists, dicts and sets that take or return many
// elements at once.
var ofTable = map[string]price{
	"extend": many, "update": many, "union": many, "difference": many, "intersection": many,
	"symmetric_difference": many, "issubset": many, "issuperset": many,
	"items": list, "keys": list, "values": list,
}

// byKey holds the methods that hash or compare their first argument.
var byKey = map[string]bool{
	"get": true, "pop": true, "setdefault": true, "add": true, "discard": true, "remove": true, "index": true,
}

// ofTuple holds the methods of strings that compare the string with each string
// of a tuple.
var ofTuple = map[string]bool{"startswith": true, "endswith": true}

// ofOneText holds the methods whose result depends on the string alone.
var ofOneText = map[string]bool{
	"capitalize": true, "lower": true, "title": true, "upper": true, "split": true, "rsplit": true, "splitlines": true,
}

// dear reports whether the method with this name goes through one of Words.
func dear(name string) bool { return ofText[name] != nil || ofTable[name] != nil }

// checkMethod refuses a call of a method that would do too much work.
func checkMethod(thread *starlark.Thread, recv starlark.Value, name string, args starlark.Tuple, kwargs []starlark.Tuple) error {
	switch recv := recv.(type) {
	case starlark.String:
		if check := ofText[name]; check != nil {
			return check(thread, string(recv), args, kwargs)
		}
		if ofTuple[name] && len(args) > 0 {
			_, l := meterOf(thread)
			if _, ok := weigh(l.Bytes, l.Depth, args[0]); !ok {
				return l.tooDeep("the compared value")
			}
		}
	case *starlark.List, *starlark.Dict, *starlark.Set:
		if check := ofTable[name]; check != nil {
			return check(thread, recv, args, kwargs)
		}
		if byKey[name] && len(args) > 0 {
			if _, ok := weigh(maxKey, maxKey/nodeWeight, args[0]); !ok {
				return fmt.Errorf("%s: a key or a member can hold at most %d values", name, maxKey/nodeWeight)
			}
		}
	}
	return nil
}

// call checks a method and then calls it.
func call(thread *starlark.Thread, recv starlark.Value, name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := checkMethod(thread, recv, name, args, kwargs); err != nil {
		return nil, err
	}
	fn, err := attribute(recv, name)
	if err != nil {
		return nil, err
	}
	if b, ok := fn.(*starlark.Builtin); ok {
		return b.CallInternal(thread, args, kwargs)
	}
	return starlark.Call(thread, fn, args, kwargs)
}

// attribute returns recv.name.
func attribute(recv starlark.Value, name string) (starlark.Value, error) {
	if has, ok := recv.(starlark.HasAttrs); ok {
		if v, err := has.Attr(name); v != nil || err != nil {
			return v, err
		}
	}
	return nil, fmt.Errorf("%s has no .%s field or method", recv.Type(), name)
}

// bound returns recv.name for a method that is not called at once. If the
// method is dear, the result is the one of this package.
func bound(recv, method starlark.Value) starlark.Value {
	b, ok := method.(*starlark.Builtin)
	if !ok || b.Receiver() == nil || !dear(b.Name()) && !byKey[b.Name()] && !ofTuple[b.Name()] {
		return method
	}
	return starlark.NewBuiltin(b.Name(), func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return call(thread, b.Receiver(), b.Name(), args, kwargs)
	}).BindReceiver(recv)
}

func copies(thread *starlark.Thread, s string, _ starlark.Tuple, _ []starlark.Tuple) error {
	return spend(thread, len(s), "copying the string")
}

// trims charges for the search for each character in the set of characters.
func trims(thread *starlark.Thread, s string, args starlark.Tuple, _ []starlark.Tuple) error {
	if len(args) == 0 {
		return nil
	}
	set, _ := starlark.AsString(args[0])
	return spend(thread, times(len(s), len(set))/Element, "trimming these characters")
}

func splits(thread *starlark.Thread, s string, args starlark.Tuple, _ []starlark.Tuple) error {
	n := 0
	if sep, ok := sepOf(args); ok {
		n = strings.Count(s, sep) + 1
	} else {
		n = fields(s)
	}
	return spend(thread, times(n, 3*Element), "splitting the string")
}

// sepOf returns the separator of a split; false means any space. Splitlines
// takes a bool and splits at fewer places than spaces.
func sepOf(args starlark.Tuple) (string, bool) {
	if len(args) == 0 {
		return "", false
	}
	sep, ok := starlark.AsString(args[0])
	return sep, ok && sep != ""
}

// fields returns an upper bound on the words and lines of a string: the number
// of its spaces.
func fields(s string) int {
	n := 1
	for _, r := range s {
		if unicode.IsSpace(r) {
			n++
		}
	}
	return n
}

func joins(thread *starlark.Thread, sep string, args starlark.Tuple, _ []starlark.Tuple) error {
	if len(args) != 1 {
		return nil
	}
	it, ok := args[0].(starlark.Iterable)
	if !ok {
		return nil
	}
	_, l := meterOf(thread)
	total := 0
	for e := range starlark.Elements(it) {
		if total += len(sep) + size(e); total > l.Bytes {
			break
		}
	}
	return spend(thread, total, "joining the strings")
}

func replaces(thread *starlark.Thread, s string, args starlark.Tuple, _ []starlark.Tuple) error {
	if len(args) < 2 {
		return nil
	}
	before, _ := starlark.AsString(args[0])
	after, _ := starlark.AsString(args[1])
	n := utf8.RuneCountInString(s) + 1
	if before != "" {
		n = strings.Count(s, before)
	}
	return spend(thread, len(s)+times(n, max(len(after)-len(before), 0)), "replacing these characters")
}

func formats(thread *starlark.Thread, s string, args starlark.Tuple, kwargs []starlark.Tuple) error {
	_, l := meterOf(thread)
	w, ok := weigh(l.Bytes, l.Depth, args...)
	named := 0
	for _, pair := range kwargs {
		n, fits := weigh(l.Bytes, l.Depth, pair[1])
		named, ok = max(named, n), ok && fits
	}
	if !ok {
		return l.tooDeep("the formatted value")
	}
	fields := strings.Count(s, "{")
	if len(args) > 1 && !numbered(s) { // each argument is used once
		fields = 1 + fields/len(args)
	}
	return spend(thread, len(s)+times(fields, max(w, named)), "formatting the string")
}

// numbered reports whether a format can name an argument more than once.
func numbered(s string) bool {
	for {
		i := strings.IndexByte(s, '{')
		if i < 0 || i+1 == len(s) {
			return false
		}
		if s = s[i+1:]; s[0] != '}' && s[0] != '!' && s[0] != '{' {
			return true
		}
	}
}

// many checks methods that take the elements of other values.
func many(thread *starlark.Thread, recv starlark.Value, args starlark.Tuple, _ []starlark.Tuple) error {
	_, l := meterOf(thread)
	n := 0
	for _, a := range args {
		n += count(a, l.Bytes/Element)
	}
	if _, ok := recv.(*starlark.List); ok {
		return spend(thread, times(n, Element), "adding the elements")
	}
	if err := spend(thread, times(n, dictWeight)+size(recv), "adding the elements"); err != nil {
		return err
	}
	_, pairs := recv.(*starlark.Dict)
	return checkHashes(thread, pairs, append(starlark.Tuple{recv}, args...)...)
}

// list checks methods of dicts that make lists.
func list(thread *starlark.Thread, recv starlark.Value, _ starlark.Tuple, _ []starlark.Tuple) error {
	return spend(thread, times(starlark.Len(recv), 2*entryWeight), "listing the entries")
}
