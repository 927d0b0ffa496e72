package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Scalar says which plain values an attribute accepts, and where they go.
type Scalar[T any] struct {
	Low, High int // bounds of a number; Low is also the least duration in nanoseconds
	// Place returns where the value goes in a T: an *int, a *bool, a
	// *time.Duration, which is 0 for a None that is the default, an *int64 for a size, a *BufferSize, a **int64, **int or
	// **time.Duration for a value that can be None, or a func(string) for one of
	// Choices, which is called with "" for None.
	Place func(*T) any
}

// NoLimit is the upper bound of a number without a limit.
const NoLimit = 1<<31 - 1

// The functions below complete an entry of a table, whose value is at a place.

func integer[T any](a Attribute[T], low, high, def int, place func(*T) *int) Attribute[T] {
	a.Type = "int"
	return scalar(a, low, high, def, place)
}

func flag[T any](a Attribute[T], def bool, place func(*T) *bool) Attribute[T] {
	a.Type = "bool"
	return scalar(a, 0, 0, def, place)
}

func duration[T any](a Attribute[T], def time.Duration, place func(*T) *time.Duration) Attribute[T] {
	a.Type, a.Unit = "duration", "seconds"
	a.Show = func(t *T) string { return Seconds(*place(t)).String() }
	return scalar(a, 0, 0, def, place)
}

// positive is duration for values that must not be 0.
func positive[T any](a Attribute[T], def time.Duration, place func(*T) *time.Duration) Attribute[T] {
	a.Rule = "more than 0"
	a = duration(a, def, place)
	a.Scalar.Low = 1
	return a
}

// optionalDuration is positive for a duration that can be None, which is stored as 0.
func optionalDuration[T any](a Attribute[T], place func(*T) *time.Duration) Attribute[T] {
	a = positive(a, 0, place)
	a.Type, a.Default = "duration | None", "None"
	show := a.Show
	a.Show = func(t *T) string {
		if *place(t) == 0 {
			return "None"
		}
		return show(t)
	}
	return a
}

func size[T any](a Attribute[T], def int64, place func(*T) *int64) Attribute[T] {
	a.Type, a.Unit = "size", "bytes"
	a.Show = func(t *T) string { return Bytes(*place(t)).String() }
	return scalar(a, 0, 0, def, place)
}

// choice is for one of a few strings. If Type is already set, None is allowed,
// too, and stored as "".
func choice[T any, S ~string](a Attribute[T], def S, choices []S, place func(*T) *S) Attribute[T] {
	quoted := make([]string, len(choices))
	for i, c := range choices {
		a.Choices, quoted[i] = append(a.Choices, string(c)), fmt.Sprintf("%q", string(c))
	}
	if a.Type == "" {
		a.Type = "str"
	}
	a.Rule = "one of " + strings.Join(quoted, ", ")
	a.Show = func(t *T) string {
		if *place(t) == "" {
			return "None"
		}
		return fmt.Sprintf("%q", string(*place(t)))
	}
	a = scalar(a, 0, 0, def, place)
	a.Scalar.Place = func(t *T) any { return func(s string) { *place(t) = S(s) } }
	return a
}

func scalar[T any, V comparable](a Attribute[T], low, high int, def V, place func(*T) *V) Attribute[T] {
	a.Scalar = &Scalar[T]{low, high, func(t *T) any { return place(t) }}
	return defaulted(a, def, place)
}

// defaulted is single for values with a default.
func defaulted[T any, V comparable](a Attribute[T], def V, place func(*T) *V) Attribute[T] {
	a.setDefault = func(t *T) { *place(t) = def }
	a = single(a, place)
	t := new(T)
	a.setDefault(t)
	a.Default = a.Show(t)
	return a
}

// single is for a comparable value.
func single[T any, V comparable](a Attribute[T], place func(*T) *V) Attribute[T] {
	if a.Show == nil {
		a.Show = func(t *T) string { return show(*place(t)) }
	}
	a.Same = func(x, y *T) bool { return *place(x) == *place(y) }
	a.Copy = func(to, from *T) { *place(to) = *place(from) }
	return a
}

// rateLimit completes the entry for a rate limit.
func rateLimit[T any](a Attribute[T], place func(*T) *RateLimit) Attribute[T] {
	a.Type, a.Default, a.Effect = "rate | None", "None", EffectProxy
	a.Rule = "such as `rate(\"10/s\", burst=20)`"
	a.OtherNames = []string{"ratelimit", "rate", "limit_req", "throttle", "rps", "max_rps", "requests_per_second"}
	return single(a, place)
}

// several is for a list of comparable values.
func several[T any, V comparable](a Attribute[T], place func(*T) *[]V) Attribute[T] {
	a.Show = func(t *T) string { return showList(*place(t)) }
	a.Same = func(x, y *T) bool { return slices.Equal(*place(x), *place(y)) }
	a.Copy = func(to, from *T) { *place(to) = *place(from) }
	return a
}

// HeaderEditsRule is the rule for a list of changes to headers, in a
// configuration or from its router.
const HeaderEditsRule = "of set_header, add_header and remove_header, in the order in which they apply; at most 256, of 64 KiB together"

// headerEdits is several for changes to headers.
func headerEdits[T any](a Attribute[T], place func(*T) *[]HeaderEdit) Attribute[T] {
	a.Type, a.Default = "list[header_edit]", "[]"
	a.Rule = HeaderEditsRule + a.Rule
	return withSecrets(several(a, place), func(t *T) []string { return editSecrets(*place(t)) })
}
