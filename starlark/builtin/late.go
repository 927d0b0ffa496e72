package builtin

import (
	"errors"
	"fmt"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// Most words make a part of the configuration and can only be called while it
// is loaded. A few also work for requests: then they report nothing but return
// an error, and share nothing that another call could change.

// Close ends the loading of the configuration. After it, words report no errors
// and several goroutines can call them at the same time.
func (s *Session) Close() { s.late, s.thread = true, nil }

// Closed reports whether Close was called.
func (s *Session) Closed() bool { return s.late }

// whileLoading wraps the function of a word that can only be called during
// loading.
func (s *Session) whileLoading(f builtinFunc) builtinFunc {
	return func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if s.late {
			return nil, fmt.Errorf(onlyLoading, b.Name(), insteadLate[b.Name()])
		}
		return f(thread, b, args, kwargs)
	}
}

// insteadLate says, for words that one may expect to work for a request, what to
// do.
var insteadLate = map[string]string{
	"by_header":    `: read the key itself, as in req.header("X-Tenant")`,
	"by_cookie":    `: read the key itself, as in req.cookie("session")`,
	"by_client_ip": ": the address itself is req.client_ip",

	"rate":    ": give `rate_limit` to LdConfig, a WorkerGroup or a rule",
	"listen":  ": give `bind` to LdConfig",
	"tls":     ": give `bind` to LdConfig",
	"static":  ": give `static` to LdConfig; a router that returns None leaves requests to it",
	"acme":    ": give `bind` to LdConfig",
	"limit":   ": give `limits` to a WorkerGroup",
	"command": ": give `before_start` to LdConfig",
	"hook":    ": give `on_event` to LdConfig",
	"webhook": ": give `on_event` to LdConfig",
	"otlp":    ": give `tracing` to LdConfig",
	"arg":     ": call it at the top level, and use its value",
	"rule":    ": give the settings of the request to `to`",
}

// Late returns why a request cannot call a word, or "" if it can, or if there is no
// such word.
func (s *Session) Late(word string) string {
	switch w := s.words[word]; {
	case w == nil || w.Returns == "decision" || w.Returns == "header_edit":
		return ""
	}
	return fmt.Sprintf(onlyLoading, word, insteadLate[word])
}

// onlyLoading is the error of a word in a call of a request.
const onlyLoading = "`%s` can only be used while the configuration is loaded, not by a router for a request%s"

// maxLateArguments is the largest number of arguments of a word that works for
// requests.
const maxLateArguments = 8

// Read stores the arguments of a call in out, in the order of the table, with
// nil for an argument that is not given. It allocates only for an error.
func (w *Word) Read(args starlark.Tuple, kwargs []starlark.Tuple, out []starlark.Value) error {
	if most := len(w.positional()); len(args) > most {
		message, _ := w.tooMany(most, len(args))
		return errors.New(message)
	}
	copy(out, args)
	for _, kv := range kwargs {
		name := string(kv[0].(starlark.String))
		i := w.index(name)
		switch {
		case i < 0:
			return w.unknown(name)
		case out[i] != nil:
			return fmt.Errorf("%s got `%s` twice", w.Name, name)
		}
		out[i] = kv[1]
	}
	for i := range w.Arguments {
		if a := &w.Arguments[i]; a.Required && out[i] == nil {
			return fmt.Errorf("%s needs `%s`: add %s", w.Name, a.Name, a.Example)
		}
	}
	return nil
}

func (w *Word) unknown(name string) error {
	if near := w.near(name); near != "" {
		return fmt.Errorf("%s has no argument `%s`: did you mean `%s`?", w.Name, name, near)
	}
	return fmt.Errorf("%s has no argument `%s`", w.Name, name)
}

// lateError turns a diagnostic into the error of a call.
func lateError(d *diag.Diagnostic) error {
	if d.Label == "" {
		return errors.New(d.Message)
	}
	return fmt.Errorf("%s: %s", d.Message, d.Label)
}

// bindLate is bind for the call of a request.
func (c *call) bindLate(args starlark.Tuple, kwargs []starlark.Tuple) map[string]*given {
	var vals [maxLateArguments]starlark.Value
	if c.err = c.word.Read(args, kwargs, vals[:len(c.word.Arguments)]); c.err != nil {
		return nil
	}
	out := make(map[string]*given, len(c.word.Arguments))
	for i := range c.word.Arguments {
		if a := &c.word.Arguments[i]; vals[i] != nil {
			out[a.Name] = &given{arg: a, value: vals[i]}
		}
	}
	return out
}

// A reading is a call, with all its arguments read, of a word that also works
// for requests.
type reading struct {
	call *call
	have map[string]*given // nil in a late call
}

// given returns the argument with the given name, with its position if that is
// known.
func (r *reading) given(name string) *given {
	if g := r.have[name]; g != nil {
		return g
	}
	return &given{arg: r.call.word.argument(name), span: r.call.span, name: r.call.span}
}

// end returns the error of a late call.
func (r *reading) end() error { return r.call.err }

// read sets the fields of t to the arguments of a call.
func read[T any](s *Session, thread *starlark.Thread, name string, fields []field[T], args starlark.Tuple, kwargs []starlark.Tuple, t *T) *reading {
	word := s.words[name]
	if s.late {
		r := &reading{call: &call{session: s, word: word, late: true}}
		var vals [maxLateArguments]starlark.Value
		r.call.err = word.Read(args, kwargs, vals[:len(word.Arguments)])
		for i := range fields {
			if v := vals[i]; v != nil && r.call.err == nil {
				fields[i].set(r.call, &given{arg: &word.Arguments[i], value: v}, t)
			}
		}
		return r
	}
	c := s.begin(thread, word)
	r := &reading{call: c, have: c.bind(args, kwargs)}
	for _, f := range fields {
		if g := r.have[f.Name]; g != nil && !value.IsUnset(g.value) {
			f.set(c, g, t)
		}
	}
	return r
}
