package value

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"go.starlark.net/starlark"
)

// Int reads a whole number from low to high. It refuses a bool, and also a
// float, even a whole one: that comes from a division that happened to leave no
// remainder.
func Int(v starlark.Value, low, high int) (int, error) {
	n, ok := v.(starlark.Int)
	if !ok {
		return 0, wrongType("a whole number", v, intLabel(v))
	}
	i, ok := n.Int64()
	if !ok || i < int64(low) || i > int64(high) {
		return 0, outOfRange(short(n.String()), low, high)
	}
	return int(i), nil
}

func outOfRange(got string, low, high int) *Error {
	if high == math.MaxInt32 || high == math.MaxInt {
		return Wrong("", "must be %d or more, got %s", low, got)
	}
	return Wrong("", "must be from %d to %d, got %s", low, high, got)
}

// intLabel returns the correction for a value that is not a whole number.
func intLabel(v starlark.Value) string {
	switch v := v.(type) {
	case starlark.Float:
		switch f := float64(v); {
		case !(math.Abs(f) < 1e15): // NaN, too
			return "round it; `/` gives a float, `//` a whole number"
		case f == math.Trunc(f):
			return fmt.Sprintf("write %d, or divide with `//`, which gives a whole number", int64(f))
		default:
			return fmt.Sprintf("write %d or %d; `/` gives a float, `//` a whole number", int64(math.Floor(f)), int64(math.Ceil(f)))
		}
	case starlark.String:
		if n, err := strconv.Atoi(strings.TrimSpace(string(v))); err == nil {
			return fmt.Sprintf("write %d", n)
		}
	case starlark.NoneType:
		return "omit the argument to use its default"
	}
	return ""
}

// Float reads a number, whole or not.
func Float(v starlark.Value) (float64, error) {
	switch v := v.(type) {
	case starlark.Int:
		return float64(v.Float()), nil
	case starlark.Float:
		return float64(v), nil
	}
	label := ""
	if s, ok := v.(starlark.String); ok {
		if _, err := strconv.ParseFloat(string(s), 64); err == nil {
			label = "write " + string(s)
		}
	}
	return 0, wrongType("a number", v, label)
}

// Bool reads True or False, and no other value.
func Bool(v starlark.Value) (bool, error) {
	b, ok := v.(starlark.Bool)
	if !ok {
		return false, wrongType("True or False", v, boolLabel(v))
	}
	return bool(b), nil
}

func boolLabel(v starlark.Value) string {
	switch v := v.(type) {
	case starlark.String:
		switch strings.ToLower(string(v)) {
		case "true", "yes", "on", "1":
			return "write True"
		case "false", "no", "off", "0":
			return "write False"
		}
	case starlark.Int:
		if n, ok := v.Int64(); ok && n == 0 {
			return "write False"
		} else if ok && n == 1 {
			return "write True"
		}
	}
	return ""
}
