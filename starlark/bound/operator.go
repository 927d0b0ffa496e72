package bound

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// operators maps the operators that Rewrite turns into calls to the names of
// the functions called. No file can contain such a name.
var operators = map[syntax.Token]string{
	syntax.STAR: "*", syntax.PLUS: "+", syntax.PERCENT: "%", syntax.PIPE: "|",
	syntax.MINUS: "-", syntax.AMP: "&", syntax.CIRCUMFLEX: "^", syntax.LTLT: "<<", syntax.SLASHSLASH: "//",
}

// assigning maps the operators of x += y to those of x + y.
var assigning = map[syntax.Token]syntax.Token{
	syntax.STAR_EQ: syntax.STAR, syntax.PLUS_EQ: syntax.PLUS, syntax.PERCENT_EQ: syntax.PERCENT, syntax.PIPE_EQ: syntax.PIPE,
	syntax.MINUS_EQ: syntax.MINUS, syntax.AMP_EQ: syntax.AMP, syntax.CIRCUMFLEX_EQ: syntax.CIRCUMFLEX, syntax.LTLT_EQ: syntax.LTLT,
}

// binary returns x op y.
func binary(thread *starlark.Thread, op syntax.Token, x, y starlark.Value) (starlark.Value, error) {
	if err := checkBinary(thread, op, x, y); err != nil {
		return nil, err
	}
	return starlark.Binary(op, x, y)
}

// checkBinary refuses x op y if the result would be too large, and charges for
// it otherwise.
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
		return spend(thread, size(x)+size(y), "adding the values")
	default:
		if n := size(x) + size(y); n >= 1<<8 {
			if err := checkHashes(thread, false, x, y); err != nil {
				return err
			}
			return spend(thread, n, "combining the values")
		}
	}
	return nil
}

// size returns the memory that a value takes without the values in it.
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

// These are the numbers of bytes that an entry of a table takes.
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
		return fmt.Errorf("a number of %d bits is too large for %s; the limit is %d", bits, l.For, l.Bits)
	}
	return spend(thread, bits/8, "calculating the number")
}

// checkRepeat refuses x * n if the result would be too large.
func checkRepeat(thread *starlark.Thread, x starlark.Value, n starlark.Int) error {
	each := size(x)
	count, ok := n.Int64()
	if !ok {
		count = math.MaxInt32 // or less than 0, which gives an empty result
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
		return fmt.Errorf("repeating %s %v times is too much for %s; the limit is %d", plural(length, unit), n, l.For, most)
	}
	return spend(thread, each*int(count), "repeating the value")
}

func plural(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// checkInterpolate refuses format % y if the result would be too large.
func checkInterpolate(thread *starlark.Thread, format string, y starlark.Value) error {
	_, l := meterOf(thread)
	w, ok := weigh(l.Bytes, l.Depth, y)
	if !ok {
		return l.tooDeep("the formatted value")
	}
	if _, isMap := y.(starlark.Mapping); isMap {
		w = times(w, strings.Count(format, "%")) // a format can name a key many times
	}
	return spend(thread, len(format)+w, "formatting the string")
}

// assign returns the value of a name after x op= y. A list and a dict change in
// place.
func assign(thread *starlark.Thread, op syntax.Token, x, y starlark.Value) (starlark.Value, error) {
	switch x := x.(type) {
	case *starlark.List:
		if it, ok := y.(starlark.Iterable); ok && op == syntax.PLUS {
			return extend(thread, x, it)
		}
	case *starlark.Dict:
		if other, ok := y.(*starlark.Dict); ok && op == syntax.PIPE {
			if err := spend(thread, size(other), "adding the entries"); err != nil {
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

// extend applies list += iterable.
func extend(thread *starlark.Thread, x *starlark.List, it starlark.Iterable) (starlark.Value, error) {
	_, l := meterOf(thread)
	n := count(it, l.Bytes/Element)
	if err := spend(thread, times(Element, n), "adding the elements"); err != nil {
		return nil, err
	}
	more := make([]starlark.Value, 0, n) // iterable can be the list itself
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

// inPlace turns the error of a method into the one that the interpreter gives
// for an operator.
func inPlace(err error, verb, op string) error {
	return errors.New(strings.Replace(err.Error(), verb, "apply "+op+" to", 1))
}
