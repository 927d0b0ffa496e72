package builtin

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// The functions here make a field of an argument and the place of its value.

func intOf[T any](a Argument, low, high int, place func(*T) *int) field[T] {
	a.Type = "int"
	return field[T]{a, func(c *call, g *given, t *T) {
		n, err := value.Int(g.value, low, high)
		if err != nil {
			c.wrongValue(g, err)
			return
		}
		*place(t) = n
	}}
}

func boolOf[T any](a Argument, place func(*T) *bool) field[T] {
	a.Type = "bool"
	return field[T]{a, func(c *call, g *given, t *T) {
		b, err := value.Bool(g.value)
		if err != nil {
			c.wrongValue(g, err)
			return
		}
		*place(t) = b
	}}
}

func durationOf[T any](a Argument, place func(*T) *plan.Seconds) field[T] {
	return durationFrom(a, 0, place)
}

// positiveOf is durationOf for what cannot be 0.
func positiveOf[T any](a Argument, place func(*T) *plan.Seconds) field[T] {
	a.Rule = "more than 0"
	return durationFrom(a, time.Nanosecond, place)
}

func durationFrom[T any](a Argument, least time.Duration, place func(*T) *plan.Seconds) field[T] {
	a.Type, a.Unit = "duration", "seconds"
	return field[T]{a, func(c *call, g *given, t *T) {
		d, err := value.Duration(g.value)
		if err == nil && d < least {
			err = value.Wrong("", "must be more than 0")
		}
		if err != nil {
			c.wrongValue(g, err)
			return
		}
		*place(t) = plan.Seconds(d)
	}}
}

// choiceOf is for a string out of a few.
func choiceOf[T any, S ~string](a Argument, choices []S, place func(*T) *S) field[T] {
	words, quoted := make([]string, len(choices)), make([]string, len(choices))
	for i, choice := range choices {
		words[i], quoted[i] = string(choice), strconv.Quote(string(choice))
	}
	a.Type, a.Choices, a.Rule = "str", words, "one of "+strings.Join(quoted, ", ")
	return field[T]{a, func(c *call, g *given, t *T) {
		s, err := value.Choice(g.value, words, diag.Near)
		if err != nil {
			c.wrongValue(g, err)
			return
		}
		*place(t) = S(s)
	}}
}

// sizeOf is for a number of bytes.
func sizeOf[T any](a Argument, place func(*T) *plan.Bytes) field[T] {
	a.Type, a.Unit = "size", "bytes"
	return field[T]{a, func(c *call, g *given, t *T) {
		n, err := value.Size(g.value)
		if err != nil {
			c.wrongValue(g, err)
			return
		}
		*place(t) = plan.Bytes(n)
	}}
}

// notEmpty is a check for stringOf.
func notEmpty(s string) error {
	if strings.TrimSpace(s) == "" {
		return value.Wrong("leave the argument out for its default", "is empty")
	}
	if s != strings.TrimSpace(s) {
		return value.Wrong(fmt.Sprintf("write %q", strings.TrimSpace(s)), "has blanks around it: %q", s)
	}
	return nil
}
