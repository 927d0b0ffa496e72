package plan

import (
	"fmt"
	"slices"
	"strings"
)

// An Effect says what applying a changed attribute takes.
type Effect string

// The effects.
const (
	EffectNone       Effect = "none"       // takes no part in a diff
	EffectIdentity   Effect = "identity"   // another value is another group
	EffectProcess    Effect = "process"    // needs new worker processes
	EffectResize     Effect = "resize"     // starts or stops some workers
	EffectProxy      Effect = "proxy"      // takes effect at once, in the proxy
	EffectSupervisor Effect = "supervisor" // takes effect at once, in the supervisor
	EffectRestart    Effect = "restart"    // needs another master; see RestartAdvice
)

// RestartAdvice is what to do about a change of EffectRestart. It does not say
// "restart": ldcorn restart is for workers, and no command restarts the master.
const RestartAdvice = "stop ldcorn and start it again"

// An Attribute is one argument of the configuration: the entry of a table that
// drives reading, defaults, differences, records, reference pages, stubs and
// schemas. Values are written in the configuration's own notation.
type Attribute[T any] struct {
	Name       string
	Type       string   // "int", "list[str]", "key | None"
	Choices    []string // where only these strings will do
	Default    string   // "" where there is none
	Required   bool     // must be given
	Keyword    bool     // only by name
	Unit       string   // of a plain number, where it has one
	Rule       string   // what the value must be, beyond its type
	Effect     Effect   // of another value on a running master
	Doc        string   // one or two sentences
	Example    string   // what to write, for where it is missing
	OtherNames []string // what people call it elsewhere; they lead to a suggestion

	// Scalar says how to read a plain value. It is nil for other values, for
	// which starlark/builtin has a reader.
	Scalar *Scalar[T]

	// Show gives the value, for comparing and for people; secrets stay hidden in
	// it, so Same decides whether two are equal. Show, Same and Copy are nil where
	// Effect is EffectNone.
	Show func(*T) string
	Same func(a, b *T) bool
	// Digest is one of the value, where Show may differ between two that are
	// the same; nil where it does not.
	Digest func(*T) string
	// Secrets are the secrets in its value, in order; nil where it can have
	// none.
	Secrets func(*T) []string
	// Copy makes the value of one that of another.
	Copy func(to, from *T)

	setDefault func(*T) // nil where the zero value is the default
}

// byName joins tables of arguments that are given by name alone.
func byName[T any](tables ...[]Attribute[T]) []Attribute[T] {
	out := slices.Concat(tables...)
	for i := range out {
		out[i].Keyword = true
	}
	return out
}

// withSecrets adds what Show hides.
func withSecrets[T any](a Attribute[T], secrets func(*T) []string) Attribute[T] {
	a.Secrets = secrets
	return a
}

// shownAs has people see a value another way.
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

// show writes a value in the configuration's notation.
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
