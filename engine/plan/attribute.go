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
// schemas. The configuration's own notation is what it is written in.
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
	// it, so Same decides whether two are equal.
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

// by builds an attribute from a getter of a comparable value.
func by[T any, V comparable](name string, effect Effect, get func(*T) V) Attribute[T] {
	return Attribute[T]{
		Name:   name,
		Effect: effect,
		Show:   func(t *T) string { return show(get(t)) },
		Same:   func(a, b *T) bool { return get(a) == get(b) },
	}
}

// list builds an attribute from a getter of a slice of comparable values.
func list[T any, V comparable](name string, effect Effect, get func(*T) []V) Attribute[T] {
	return Attribute[T]{
		Name:   name,
		Effect: effect,
		Show:   func(t *T) string { return showList(get(t)) },
		Same:   func(a, b *T) bool { return slices.Equal(get(a), get(b)) },
	}
}

// Attributes are the arguments of LdConfig, but for its workers.
var Attributes = []Attribute[Plan]{
	by("bind", EffectRestart, func(p *Plan) Bind { return p.Bind }),
	by("bind_mode", EffectRestart, func(p *Plan) BindMode { return p.BindMode }),
	by("bind_owner", EffectRestart, func(p *Plan) BindOwner { return p.BindOwner }),
	routerAttribute(),
	by("router_steps", EffectProxy, func(p *Plan) int { return p.RouterSteps }),
	by("on_router_error", EffectProxy, func(p *Plan) OnRouterError { return p.OnRouterError }),
	by("forwarded", EffectProxy, func(p *Plan) Forwarded { return p.Forwarded }),
	list("trusted_proxies", EffectProxy, func(p *Plan) []string { return texts(p.TrustedProxies) }),
	by("header_timeout", EffectProxy, func(p *Plan) Seconds { return Seconds(p.HeaderTimeout) }),
	by("idle_timeout", EffectProxy, func(p *Plan) Seconds { return Seconds(p.IdleTimeout) }),
	by("max_header_size", EffectProxy, func(p *Plan) Bytes { return Bytes(p.MaxHeaderSize) }),
	by("max_response_header_size", EffectProxy, func(p *Plan) Bytes { return Bytes(p.MaxResponseHeaderSize) }),
	by("max_body_size", EffectProxy, func(p *Plan) Bytes { return Bytes(p.MaxBodySize) }),
	by("underscores_in_headers", EffectProxy, func(p *Plan) bool { return p.UnderscoresInHeaders }),
	edits("request_headers", EffectProxy, func(p *Plan) []HeaderEdit { return p.RequestHeaders }),
	edits("response_headers", EffectProxy, func(p *Plan) []HeaderEdit { return p.ResponseHeaders }),
	by("access_log", EffectProxy, func(p *Plan) AccessLog { return p.AccessLog }),
	by("log_format", EffectProxy, func(p *Plan) LogFormat { return p.LogFormat }),
	by("admin", EffectRestart, func(p *Plan) Bind { return p.Admin }),
	by("control_socket", EffectRestart, func(p *Plan) ControlSocket { return p.ControlSocket }),
	by("startup_timeout", EffectSupervisor, func(p *Plan) Seconds { return Seconds(p.StartupTimeout) }),
	by("shutdown_timeout", EffectSupervisor, func(p *Plan) Seconds { return Seconds(p.ShutdownTimeout) }),
	by("reload_surge", EffectSupervisor, func(p *Plan) Surge { return p.ReloadSurge }),
}

// edits builds an attribute from a getter of header edits.
func edits[T any](name string, effect Effect, get func(*T) []HeaderEdit) Attribute[T] {
	return withSecrets(list(name, effect, get), func(t *T) []string { return editSecrets(get(t)) })
}

// withSecrets adds what Show hides.
func withSecrets[T any](a Attribute[T], secrets func(*T) []string) Attribute[T] {
	a.Secrets = secrets
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
	case Forwarded:
		return fmt.Sprintf("%q", string(v))
	case LogFormat:
		return fmt.Sprintf("%q", string(v))
	case Balance:
		return fmt.Sprintf("%q", string(v))
	case OnRouterError:
		return fmt.Sprintf("%q", string(v))
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
