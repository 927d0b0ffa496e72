package bound

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// operators are the operators that Rewrite makes calls of, by their names.
// Nobody can write such a name.
var operators = map[syntax.Token]string{
	syntax.STAR: "*", syntax.PLUS: "+", syntax.PERCENT: "%", syntax.PIPE: "|",
	syntax.MINUS: "-", syntax.AMP: "&", syntax.CIRCUMFLEX: "^", syntax.LTLT: "<<", syntax.SLASHSLASH: "//",
}

// assigning are the operators of x += y, by the operator that it is.
var assigning = map[syntax.Token]syntax.Token{
	syntax.STAR_EQ: syntax.STAR, syntax.PLUS_EQ: syntax.PLUS, syntax.PERCENT_EQ: syntax.PERCENT, syntax.PIPE_EQ: syntax.PIPE,
	syntax.MINUS_EQ: syntax.MINUS, syntax.AMP_EQ: syntax.AMP, syntax.CIRCUMFLEX_EQ: syntax.CIRCUMFLEX, syntax.LTLT_EQ: syntax.LTLT,
}

// binary is x op y.
func binary(thread *starlark.Thread, op syntax.Token, x, y starlark.Value) (starlark.Value, error) {
	if err := checkBinary(thread, op, x, y); err != nil {
		return nil, err
	}
	return starlark.Binary(op, x, y)
}

// checkBinary refuses what x op y would make too large, and charges for the
// rest.
func checkBinary(thread *starlark.Thread, op syntax.Token, x, y starlark.Value) error {
	a, isInt := x.(starlark.Int)
	b, both := y.(starlark.Int)
	switch {
	case isInt && both:
		return checkInts(thread, op, a, b)
	case op == syntax.STAR && both:
		return checkRepeat(thread, x, b)
	case op == syntax.STAR && isInt:
		return checkRepeat(thread, y, a)
	case op == syntax.PERCENT:
		if s, ok := x.(starlark.String); ok {
			return checkInterpolate(thread, string(s), y)
		}
	case op == syntax.PLUS:
		return spend(thread, size(x)+size(y), "adding them")
	default:
		if n := size(x) + size(y); n >= 1<<8 {
			if err := checkHashes(thread, false, x, y); err != nil {
				return err
			}
			return spend(thread, n, "combining them")
		}
	}
	return nil
}

// size is the memory that a value itself takes, without what is in it.
func size(v starlark.Value) int {
	switch v := v.(type) {
	case starlark.String:
		return len(v)
	case starlark.Bytes:
		return len(v)
	case starlark.Tuple:
		return Element * len(v)
	case *starlark.List:
		return Element * v.Len()
	case *starlark.Set:
		return times(v.Len(), setWeight)
	case *starlark.Dict:
		return times(v.Len(), dictWeight)
	}
	return 0
}

// What an entry of a table takes.
const (
	setWeight  = 4 * Element
	dictWeight = 6 * Element
)

func checkInts(thread *starlark.Thread, op syntax.Token, x, y starlark.Int) error {
	_, small := x.Int64()
	_, also := y.Int64()
	if small && also && op != syntax.LTLT {
		return nil
	}
	bits := max(bitLen(x), bitLen(y))
	switch op {
	case syntax.STAR:
		bits = bitLen(x) + bitLen(y)
	case syntax.LTLT:
		n, _ := y.Int64()
		bits = bitLen(x) + int(min(max(n, 0), 512))
	}
	_, l := meterOf(thread)
	if bits > l.Bits {
		return fmt.Errorf("a number of %d bits is too large for %s; the most is %d", bits, l.For, l.Bits)
	}
	return spend(thread, bits/8, "the number")
}

// checkRepeat refuses x * n where that becomes too large.
func checkRepeat(thread *starlark.Thread, x starlark.Value, n starlark.Int) error {
	each := size(x)
	count, ok := n.Int64()
	if !ok {
		count = math.MaxInt32 // or less than 0, which makes nothing
		if n.Sign() < 0 {
			count = 0
		}
	}
	if each == 0 || count <= 0 {
		return nil
	}
	_, l := meterOf(thread)
	if count > int64(l.Bytes/each) {
		most, unit := l.Bytes/Element, "element"
		length := starlark.Len(x)
		switch x.(type) {
		case starlark.String, starlark.Bytes:
			most, unit = l.Bytes, "byte"
		}
		return fmt.Errorf("repeating %s %v times makes too much for %s; the most is %d", plural(length, unit), n, l.For, most)
	}
	return spend(thread, each*int(count), "repeating it")
}

func plural(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// checkInterpolate refuses format % y where that becomes too large.
func checkInterpolate(thread *starlark.Thread, format string, y starlark.Value) error {
	_, l := meterOf(thread)
	w, ok := weigh(l.Bytes, l.Depth, y)
	if !ok {
		return l.tooDeep("what is formatted")
	}
	if _, isMap := y.(starlark.Mapping); isMap {
		w = times(w, strings.Count(format, "%")) // a key may be named again and again
	}
	return spend(thread, len(format)+w, "formatting it")
}

// assign is x op= y, for a name: the value that it has afterwards. A list
// and a dict change in place.
func assign(thread *starlark.Thread, op syntax.Token, x, y starlark.Value) (starlark.Value, error) {
	switch x := x.(type) {
	case *starlark.List:
		if it, ok := y.(starlark.Iterable); ok && op == syntax.PLUS {
			return extend(thread, x, it)
		}
	case *starlark.Dict:
		if other, ok := y.(*starlark.Dict); ok && op == syntax.PIPE {
			if err := spend(thread, size(other), "adding to it"); err != nil {
				return nil, err
			}
			for _, item := range other.Items() {
				if err := x.SetKey(item[0], item[1]); err != nil {
					return nil, inPlace(err, "insert into", "|=")
				}
			}
			return x, nil
		}
	}
	return binary(thread, op, x, y)
}

// extend is list += iterable.
func extend(thread *starlark.Thread, x *starlark.List, it starlark.Iterable) (starlark.Value, error) {
	_, l := meterOf(thread)
	n := count(it, l.Bytes/Element)
	if err := spend(thread, times(Element, n), "adding to it"); err != nil {
		return nil, err
	}
	more := make([]starlark.Value, 0, n) // the list may be added to itself
	for e := range starlark.Elements(it) {
		more = append(more, e)
	}
	for _, e := range more {
		if err := x.Append(e); err != nil {
			return nil, inPlace(err, "append to", "+=")
		}
	}
	return x, nil
}

// inPlace makes the error of a method the interpreter's own of an operator.
func inPlace(err error, verb, op string) error {
	return errors.New(strings.Replace(err.Error(), verb, "apply "+op+" to", 1))
}
