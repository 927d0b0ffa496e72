package builtin

import (
	"fmt"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// An Affinity is the value of by_issued or by_session.
type Affinity struct {
	opaque
	Sticky plan.Sticky
}

// String returns a call that makes the affinity, without a secret.
func (a *Affinity) String() string { return a.Sticky.String() }

const (
	byIssued  = "by_issued"
	bySession = "by_session"
)

func affinityWords() []Word {
	return []Word{
		{Name: byIssued, Returns: "affinity",
			Doc: "Binds a client to the process that gave it its first answer, by a signed cookie of ldcorn's own that names the index of the process. " +
				"Only for `sticky`.",
			Arguments: argumentsOf(issuedFields)},
		{Name: bySession, Returns: "affinity",
			Doc: "Binds a session to the process that made it, by the id that the process gives it in an answer. Requests with the id go to that process. " +
				"Exactly one of `header`, `cookie` and `query` says where the id is. Only for `sticky`.",
			Arguments: argumentsOf(sessionFields)},
	}
}

var issuedFields = []field[plan.Issued]{
	{Argument{Name: "name", Type: "str", Required: true, Rule: "case matters", Doc: "The beginning of the cookie's name. The group's name follows it, as in `ldcorn_web`. With `__Host-` or `__Secure-` before it, the cookie is always Secure.",
		Example: `"ldcorn"`, aka: []string{"cookie", "cookie_name"}}, setIssuedName},
	{Argument{Name: "same_site", Type: "str", Choices: plan.SameSites, Keyword: true, Default: `"lax"`,
		Rule: `one of "lax", "strict", "none"; a cookie with "none" is always Secure, so browsers keep it only over https`,
		Doc:  "Which requests that other sites cause have the cookie.", aka: []string{"samesite", "same_site_policy"}}, setSameSite},
	{Argument{Name: "key", Type: "secret | None", Keyword: true, Default: "None", Rule: "at least 16 bytes",
		Doc: "Signs the cookies. None means a random key, which the master keeps until it ends. Several masters of one site need the same key.",
		aka: []string{"secret", "secret_key", "signing_key"}}, setIssuedKey},
}

func setIssuedName(c *call, g *given, i *plan.Issued) {
	name, err := value.String(g.value)
	if err == nil {
		err = checkToken(name)
	}
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	i.Name = name
}

func setSameSite(c *call, g *given, i *plan.Issued) {
	s, err := value.Choice(g.value, plan.SameSites, diag.Near)
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	i.SameSite = plan.SameSite(s)
}

// leastKey is how many bytes a key must have at least.
const leastKey = 16

func setIssuedKey(c *call, g *given, i *plan.Issued) {
	if key, ok := c.secret(g, leastKey); ok {
		i.Key = key
	}
}

// secret reads a secret of at least so many bytes, or None, which is a zero Text.
func (c *call) secret(g *given, least int) (t plan.Text, ok bool) {
	switch v := g.value.(type) {
	case starlark.NoneType:
		return plan.Text{}, true
	case *value.Secret:
		if len(v.Reveal()) >= least {
			return plan.Secret(v.Reveal()), true
		}
		c.wrongValue(g, value.Wrong("make one with: openssl rand -hex 32", "must have at least %d bytes", least))
	default:
		c.wrongValue(g, &value.Error{Message: "wants a secret", Label: `write secret("NAME"), and set the environment variable NAME`, Type: true})
	}
	return plan.Text{}, false
}

var sessionFields = []field[plan.Session]{
	{Argument{Name: "header", Type: "str", Keyword: true, Absent: "the id is elsewhere", Rule: "in upper or lower case",
		Doc: "The header that has the id, in answers and in requests. A DELETE with the header Mcp-Session-Id ends the session.", Example: `"Mcp-Session-Id"`},
		setSessionIn(plan.SessionHeader)},
	{Argument{Name: "cookie", Type: "str", Keyword: true, Absent: "the id is elsewhere", Rule: "case matters",
		Doc: "The cookie that has the id: an answer sets it, and requests have it.", Example: `"io"`},
		setSessionIn(plan.SessionCookie)},
	{Argument{Name: "query", Type: "str", Keyword: true, Absent: "the id is elsewhere", Rule: "decoded; case matters",
		Doc: "The query parameter that has the id in requests. It needs `learn`.", Example: `"sid"`, aka: []string{"param", "parameter"}},
		setSessionIn(plan.SessionQuery)},
	{Argument{Name: "learn", Type: "str", Keyword: true, Absent: "answers have the id where requests have it",
		Rule: `"engine.io"`, Doc: "The protocol whose answers have the id in their body: \"engine.io\" is beneath Socket.IO.",
		Example: `"engine.io"`, aka: []string{"protocol"}}, setLearn},
}

func setSessionIn(in plan.SessionPlace) func(*call, *given, *plan.Session) {
	return func(c *call, g *given, s *plan.Session) {
		name, err := value.String(g.value)
		switch {
		case err != nil:
		case in == plan.SessionQuery:
			if name == "" {
				err = value.Wrong("", "is empty")
			}
		default:
			err = checkToken(name)
		}
		if err != nil {
			c.wrongValue(g, err)
			return
		}
		if in == plan.SessionHeader {
			c.checkSeen(g, name)
			c.checkNoCookies(g, name, bySession+`(cookie="name")`)
			if lower := strings.ToLower(name); lower != name {
				s.Shown, name = name, lower
			}
		}
		if s.In != "" {
			c.wrongValue(g, value.Wrong("remove one of the two", "and `%s` both say where the id is", s.In))
			return
		}
		s.In, s.Name = in, name
	}
}

func setLearn(c *call, g *given, s *plan.Session) {
	text, err := value.Choice(g.value, plan.Learnings, diag.Near)
	if err != nil {
		label := ""
		if g, ok := g.value.(starlark.String); ok && strings.Contains(strings.ToLower(string(g)), "io") {
			label = `write "engine.io"`
		}
		if e, ok := err.(*value.Error); ok && e.Label == "" {
			e.Label = label
		}
		c.wrongValue(g, err)
		return
	}
	s.Learn = plan.Learning(text)
}

// issued implements by_issued.
func (s *Session) issued(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	a := &Affinity{opaque: "affinity"}
	a.Sticky.Issued.SameSite = plan.SameSiteLax
	r := read(s, thread, byIssued, issuedFields, args, kwargs, &a.Sticky.Issued)
	return a, r.end()
}

// bySession implements by_session.
func (s *Session) bySession(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	a := &Affinity{opaque: "affinity"}
	r := read(s, thread, bySession, sessionFields, args, kwargs, &a.Sticky.Session)
	r.checkSession()
	return a, r.end()
}

// checkSession reports arguments of by_session that do not go together.
func (r *reading) checkSession() {
	c := r.call
	place := ""
	for _, name := range []plan.SessionPlace{plan.SessionHeader, plan.SessionCookie, plan.SessionQuery} {
		if r.have[string(name)] != nil {
			place = string(name)
		}
	}
	query, learn := r.have[string(plan.SessionQuery)], r.have["learn"]
	switch {
	case c.failed:
	case place == "":
		c.report(diag.Diagnostic{Code: codeMissing, Span: c.span, Message: bySession + " needs `header`, `cookie` or `query`",
			Label: `write by_session(header="Mcp-Session-Id"), by_session(cookie="io") or by_session(query="sid", learn="engine.io")`})
	case query != nil && learn == nil:
		c.report(diag.Diagnostic{Code: codeMissing, Span: query.name, Message: bySession + " with `query` needs `learn`",
			Label: `add learn="engine.io"`, Hint: "only the body of an answer can say which id a later query will have, and ldcorn knows one such protocol"})
	case learn != nil && query == nil:
		c.wrongValue(learn, value.Wrong(`write query="sid", or remove it`, "goes only with `query`: an answer has the %s itself", place))
	}
}

func setSticky(c *call, g *given, p *plan.Group) {
	switch v := g.value.(type) {
	case starlark.NoneType:
		p.Sticky = plan.Sticky{}
	case *Key:
		p.Sticky = plan.Sticky{Key: v.Key}
	case *Affinity:
		p.Sticky = v.Sticky
	default:
		c.wrongValue(g, value.WrongType("None, "+plan.StickyForms, v, keyLabel(v)))
	}
}

// affinityLabel returns the correction for an affinity, or the word that makes
// one, in the place of a key.
func affinityLabel(v starlark.Value) string {
	switch v := v.(type) {
	case *Affinity:
		name, _, _ := strings.Cut(v.String(), "(")
		return fmt.Sprintf("%s(…) is only for `sticky`: it identifies no client before its first answer", name)
	case *starlark.Builtin:
		switch v.Name() {
		case byIssued:
			return `call it: write by_issued("ldcorn")`
		case bySession:
			return `call it: write by_session(header="Mcp-Session-Id")`
		}
	}
	return ""
}
