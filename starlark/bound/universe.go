package bound

import (
	"fmt"
	"math/bits"

	"go.starlark.net/starlark"
)

// universe holds the functions of Starlark that can do much work in one step,
// each with its check.
var universe = map[string]func(thread *starlark.Thread, l *Limits, args starlark.Tuple, kwargs []starlark.Tuple) error{
	"str": writes, "repr": writes, "print": writes, "fail": writes,
	"list": elements(Element), "tuple": elements(Element), "reversed": elements(Element), "bytes": elements(1),
	"any": elements(1), "all": elements(1), "enumerate": elements(5 * Element),
	"min": orders, "max": orders, "sorted": orders,
	"set": tables(setWeight), "dict": tables(dictWeight),
	"zip": zips, "int": reads,
}

// writes checks functions that turn values into text.
func writes(thread *starlark.Thread, l *Limits, args starlark.Tuple, kwargs []starlark.Tuple) error {
	w, ok := weigh(l.Bytes, l.Depth, args...)
	if !ok {
		return l.tooDeep("the value")
	}
	for _, pair := range kwargs { // sep
		w += times(size(pair[1]), len(args))
	}
	return spend(thread, w, "writing the text")
}

// elements checks functions that go through the elements of a value, each of
// which takes the given number of bytes.
func elements(each int) func(*starlark.Thread, *Limits, starlark.Tuple, []starlark.Tuple) error {
	return func(thread *starlark.Thread, l *Limits, args starlark.Tuple, _ []starlark.Tuple) error {
		if len(args) == 0 {
			return nil
		}
		return spend(thread, l.iterated(args[0], each), "going through the elements")
	}
}

// iterated returns the number of bytes that the elements of a value take.
func (l *Limits) iterated(v starlark.Value, each int) int {
	switch v := v.(type) {
	case starlark.String:
		return len(v)
	case starlark.Bytes:
		return len(v)
	}
	return times(count(v, l.Bytes), each)
}

// orders checks functions that compare elements with each other.
func orders(thread *starlark.Thread, l *Limits, args starlark.Tuple, kwargs []starlark.Tuple) error {
	what := starlark.Value(args)
	if len(args) == 1 {
		what = args[0]
	}
	for _, pair := range kwargs {
		if pair[0] == starlark.String("iterable") {
			what = pair[1]
		}
	}
	n := count(what, l.Bytes/Element)
	if err := spend(thread, times(n, Element), "comparing the elements"); err != nil {
		return err
	}
	it, ok := what.(starlark.Iterable)
	if !ok {
		return nil
	}
	total := 0
	for e := range starlark.Elements(it) {
		w, ok := weigh(l.Bytes-total, l.Depth, e)
		if !ok {
			return l.tooDeep("the compared value")
		}
		total += w
	}
	return spend(thread, times(total, bits.Len(uint(n)))/Element, "comparing the elements")
}

// tables checks functions that make a table whose entries take the given number
// of bytes.
func tables(each int) func(*starlark.Thread, *Limits, starlark.Tuple, []starlark.Tuple) error {
	return func(thread *starlark.Thread, l *Limits, args starlark.Tuple, _ []starlark.Tuple) error {
		if len(args) == 0 {
			return nil
		}
		if err := spend(thread, l.iterated(args[0], each), "storing the elements"); err != nil {
			return err
		}
		return checkHashes(thread, each == dictWeight, args[0])
	}
}

func zips(thread *starlark.Thread, l *Limits, args starlark.Tuple, _ []starlark.Tuple) error {
	rows := -1
	for _, a := range args {
		if n := count(a, l.Bytes/Element); rows < 0 || n < rows {
			rows = n
		}
	}
	return spend(thread, times(max(rows, 0), (len(args)+3)*Element), "pairing the elements")
}

// reads checks int, which takes more than linear time.
func reads(_ *starlark.Thread, l *Limits, args starlark.Tuple, kwargs []starlark.Tuple) error {
	if len(args) == 0 && len(kwargs) > 0 && kwargs[0][0] == starlark.String("x") {
		args = starlark.Tuple{kwargs[0][1]}
	}
	if len(args) == 0 {
		return nil
	}
	if s, ok := starlark.AsString(args[0]); ok && len(s) > l.Digits {
		return fmt.Errorf("a number of %d digits is too long for %s; the limit is %d", len(s), l.For, l.Digits)
	}
	return nil
}

// standard returns a function of Starlark with its check.
func standard(name string) *starlark.Builtin {
	own := starlark.Universe[name].(*starlark.Builtin)
	check := universe[name]
	return starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if len(args) == 1 && len(kwargs) == 0 {
			if s, ok := args[0].(starlark.String); ok && len(s) < 1<<8 {
				return own.CallInternal(thread, args, kwargs)
			}
		}
		_, l := meterOf(thread)
		if err := check(thread, l, args, kwargs); err != nil {
			return nil, err
		}
		return own.CallInternal(thread, args, kwargs)
	})
}

// maxRange is the largest number of elements of a range for a request. The
// steps of a loop bound a loop over a range, and Words bound the functions that
// go through a range in one step.
const maxRange = 1 << 20

func countingTo(late func() bool) *starlark.Builtin {
	own := starlark.Universe["range"].(*starlark.Builtin)
	return starlark.NewBuiltin("range", func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		v, err := own.CallInternal(thread, args, kwargs)
		if err != nil || !late() {
			return v, err
		}
		if n := starlark.Len(v); n > maxRange || n < 0 {
			return nil, fmt.Errorf("a range of %d numbers is too long for a request; the limit is %d", n, maxRange)
		}
		return v, nil
	})
}

// getattr is Starlark's getattr, except that it returns the methods of this
// package.
func getattr(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	v, err := starlark.Universe["getattr"].(*starlark.Builtin).CallInternal(thread, args, kwargs)
	if err != nil || len(args) == 0 {
		return v, err
	}
	return bound(args[0], v), nil
}
