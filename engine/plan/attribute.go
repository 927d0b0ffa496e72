package plan

import (
	"fmt"
	"slices"
	"strings"
)

// An Effect says what it takes to apply a changed attribute.
type Effect string

// The effects.
const (
	EffectNone       Effect = "none"       // is not part of a diff
	EffectIdentity   Effect = "identity"   // a different value means a different group
	EffectProcess    Effect = "process"    // needs new worker processes
	EffectResize     Effect = "resize"     // starts or stops some workers
	EffectProxy      Effect = "proxy"      // takes effect at once, in the proxy
	EffectSupervisor Effect = "supervisor" // takes effect at once, in the supervisor
	EffectListener   Effect = "listener"   // a reload switches the listener
	EffectRestart    Effect = "restart"    // needs a new master; see RestartAdvice
)

// RestartAdvice says what to do about a change of EffectRestart. It avoids the
// word "restart", because ldcorn restart is for workers and no command restarts
// the master.
const RestartAdvice = "stop ldcorn and start it again"

// An Attribute is one argument of the configuration: an entry in the table that
// drives reading, defaults, diffs, records, reference pages, stubs and schemas.
// Values appear in the configuration's own notation.
type Attribute[T any] struct {
	Name       string
	Type       string   // "int", "list[str]", "key | None"
	Choices    []string // the only strings allowed, if any
	Default    string   // "" if there is none
	Required   bool     // must be given
	Keyword    bool     // can only be given by name
	Unit       string   // of a plain number, if it has one
	Long       bool     // a duration of many hours is nothing unusual
	Rule       string   // what the value must satisfy beyond its type
	Effect     Effect   // of a changed value on a running master
	Apart      bool     // Diff compares the parts of the value, and a Record has them
	Doc        string   // one or two sentences
	Example    string   // what to write if it is missing
	OtherNames []string // names used elsewhere, which lead to a suggestion

	// Scalar says how to read a plain value. It is nil for other values, which
	// starlark/builtin reads.
	Scalar *Scalar[T]

	// Show returns the value for people and for comparisons, without secrets;
	// Same decides whether two values are equal. Show, Same and Copy are nil if
	// Effect is EffectNone.
	Show func(*T) string
	Same func(a, b *T) bool
	// Digest returns a digest of the value if Show can differ between two
	// values that are the same; otherwise it is nil.
	Digest func(*T) string
	// Secrets returns the secrets in the value, in order. It is nil if the
	// value cannot contain any.
	Secrets func(*T) []string
	// Copy copies the value.
	Copy func(to, from *T)

	setDefault func(*T) // nil if the zero value is the default
}

// byName joins tables of arguments that can be given only by name.
func byName[T any](tables ...[]Attribute[T]) []Attribute[T] {
	out := slices.Concat(tables...)
	for i := range out {
		out[i].Keyword = true
	}
	return out
}

// withSecrets sets the function that returns what Show hides.
func withSecrets[T any](a Attribute[T], secrets func(*T) []string) Attribute[T] {
	a.Secrets = secrets
	return a
}

// shownAs changes how a value is shown.
func shownAs[T any](a Attribute[T], show func(*T) string) Attribute[T] {
	a.Show = show
	return a
}

func texts[T fmt.Stringer](values []T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = v.String()
	}
	return out
}

// show returns a value in the configuration's notation.
func show(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%q", v)
	case Bind:
		if v.IsZero() {
			return "None"
		}
		return fmt.Sprintf("%q", v.String())
	case bool:
		if v {
			return "True"
		}
		return "False"
	case EnvVar:
		if v.Value.IsSecret() {
			return fmt.Sprintf("%s=%s", v.Name, v.Value)
		}
		return fmt.Sprintf("%s=%q", v.Name, v.Value)
	}
	return fmt.Sprint(v)
}

func showList[V any](values []V) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = show(v)
	}
	return "[" + strings.Join(out, ", ") + "]"
}
