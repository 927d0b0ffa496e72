package builtin

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A Decision is the value of to, respond or redirect. It is made while the
// configuration is loaded or for one request.
type Decision struct {
	opaque
	plan  plan.Decision
	Span  diag.Span    // of the group's name, if made while loading
	Trace []diag.Frame // calls that led to it, if made while loading
}

// Decide returns the decision about a request.
func (d *Decision) Decide() *plan.Decision { return &d.plan }

// String returns a call that makes the decision, without secrets.
func (d *Decision) String() string {
	p := &d.plan
	switch {
	case p.Answer == nil:
		settings := append([]string{""}, p.Override.Settings()...)
		if p.Fair != "" {
			settings = slices.Insert(settings, 1, fmt.Sprintf("fair=%q", p.Fair))
		}
		return fmt.Sprintf("to(%q, request_headers=%v, response_headers=%v, key=%q%s)", p.Group, p.RequestHeaders, p.ResponseHeaders, p.Key, strings.Join(settings, ", "))
	case p.Answer.Redirect:
		return fmt.Sprintf("redirect(%q, %d)", p.Answer.Headers[0].Value, p.Answer.Status)
	}
	return fmt.Sprintf("respond(%d, %q, %v)", p.Answer.Status, p.Answer.Body, p.Answer.Headers)
}

func decisionWords() []Word {
	return []Word{
		{Name: "to", Returns: "decision", Doc: "A decision that sends a request to a group and can change its headers and key. A router returns it.",
			Arguments: argumentsOf(toFields)},
		{Name: "respond", Returns: "decision", Doc: "A decision that answers a request without a worker. A router returns it.",
			Arguments: argumentsOf(respondFields)},
		{Name: "redirect", Returns: "decision", Doc: "A decision that sends the client to another URL. A router returns it.",
			Arguments: argumentsOf(redirectFields)},
	}
}

var toFields = slices.Concat(toGroupFields, toHeaderFields, keyFields, overrideFields(func(d *plan.Decision) **plan.Override { return &d.Override }))

var toGroupFields = []field[plan.Decision]{
	{Argument{Name: "group", Type: "str", Required: true, Rule: "the name of a WorkerGroup", Doc: "The group that takes the request.",
		Example: `"web"`, aka: []string{"name", "pool", "worker_group"}}, setGroup},
}

var toHeaderFields = []field[plan.Decision]{
	{Argument{Name: "request_headers", Type: "list[header_edit]", Keyword: true, Default: "[]", Rule: plan.HeaderEditsRule,
		Doc: "Changes to the headers of the request before a process gets it. They follow those of LdConfig and of the group.",
		aka: []string{"headers", "set_header", "set_headers", "extra_headers", "proxy_set_header"}},
		editsOf(plan.ToWorker, func(d *plan.Decision) *[]plan.HeaderEdit { return &d.RequestHeaders })},
	{Argument{Name: "response_headers", Type: "list[header_edit]", Keyword: true, Default: "[]", Rule: plan.HeaderEditsRule,
		Doc: "Changes to the headers of the process's answer before the client gets it. They follow those of LdConfig and of the group. ldcorn's own error answers do not change.",
		aka: []string{"answer_headers", "add_headers", "add_header"}},
		editsOf(plan.ToClient, func(d *plan.Decision) *[]plan.HeaderEdit { return &d.ResponseHeaders })},
}

var keyFields = []field[plan.Decision]{
	{Argument{Name: "key", Type: "str | None", Keyword: true, Default: "None",
		Doc: "Requests with the same key go to the same process. The key replaces the group's `sticky`; with None or \"\", `sticky` applies.",
		aka: []string{"sticky", "by", "hash"}}, keyOf(func(d *plan.Decision) *string { return &d.Key })},
	{Argument{Name: "fair", Type: "str | None", Keyword: true, Default: "None",
		Doc: "In a group with `fair`, requests with the same key take turns with those of other keys. The key replaces what `fair` of the group finds in the request; with None or \"\", that applies.",
		aka: []string{"tenant", "fairness", "fair_key"}}, keyOf(func(d *plan.Decision) *string { return &d.Fair })},
}

func setGroup(c *call, g *given, d *plan.Decision) {
	if _, ok := g.value.(*Group); ok {
		c.wrongValue(g, value.WrongType("the name of a WorkerGroup", g.value, "write its name, as a string"))
		return
	}
	s, err := c.text(g.value)
	if err == nil {
		err = checkName(s)
	}
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	d.Group = s
}

// keyOf returns the setter of a key that the router has found.
func keyOf(place func(*plan.Decision) *string) func(*call, *given, *plan.Decision) {
	return func(c *call, g *given, d *plan.Decision) {
		if g.value == starlark.None {
			return
		}
		s, err := c.text(g.value)
		if err != nil {
			var e *value.Error
			if errors.As(err, &e) && e.Label == "" {
				e.Label = `write the key itself, such as req.header("X-Tenant")`
			}
			c.wrongValue(g, err)
			return
		}
		*place(d) = s
	}
}

// to implements the word to.
func (s *Session) to(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	d := &Decision{opaque: "decision"}
	r := read(s, thread, b.Name(), toFields, args, kwargs, &d.plan)
	if !s.late && s.static == nil {
		g := r.given("group")
		d.Span, d.Trace = g.span, r.call.trace
		s.decisions = append(s.decisions, d)
	}
	return d, r.end()
}

var respondFields = []field[plan.Answer]{
	{Argument{Name: "status", Type: "int", Required: true, Rule: "200 to 599", Doc: "The status of the answer.", Example: "503",
		aka: []string{"code", "status_code"}}, setStatus},
	{Argument{Name: "body", Type: "str | bytes", Default: `""`, Rule: "empty if the status has no body",
		Doc: "The body of the answer.", aka: []string{"text", "content", "message", "data"}}, setBody},
	{Argument{Name: "headers", Type: "dict[str, str | list[str]]", Default: "{}",
		Rule: "no headers that frame the answer; at most 256, and at most 64 KiB together",
		Doc:  "The headers of the answer. The default Content-Type is \"text/plain; charset=utf-8\".", aka: []string{"header", "response_headers"}}, setHeaders},
}

func setStatus(c *call, g *given, a *plan.Answer) {
	n, err := value.Int(g.value, 200, 599)
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	a.Status = n
}

func setBody(c *call, g *given, a *plan.Answer) {
	switch v := g.value.(type) {
	case starlark.String:
		if !c.late && strings.Contains(string(v), value.SecretMark) {
			break // value.String returns the reason
		}
		a.Body = []byte(v)
		return
	case starlark.Bytes:
		a.Body = []byte(v)
		return
	case *starlark.Dict, *starlark.List:
		c.wrongValue(g, value.WrongType("a string", v, "write json.encode(…) around it, and the header \"Content-Type\""))
		return
	}
	if _, err := c.text(g.value); err != nil {
		c.wrongValue(g, err)
	}
}

// refusedHeaders are the headers that ldcorn itself writes in its answers.
var refusedHeaders = []string{"date", "x-request-id", "content-length"}

func setHeaders(c *call, g *given, a *plan.Answer) {
	dict, ok := g.value.(*starlark.Dict)
	if !ok {
		label := ""
		if g.value == starlark.None {
			label = "omit the argument"
		}
		c.wrongValue(g, value.WrongType(`a dict, such as {"Content-Type": "text/html"}`, g.value, label))
		return
	}
	var sum headerSum
	for _, item := range dict.Items() {
		key, val := item[0], item[1]
		if value.IsUnset(key) || value.IsUnset(val) {
			continue
		}
		at, of := c.entry(g, key)
		name, err := c.text(key)
		if err != nil {
			c.wrong(at, "a header's name", codeValue, err)
			continue
		}
		subject := "header " + value.Quote(name)
		values := []starlark.Value{val}
		if _, list := val.(*starlark.List); list {
			values, _ = value.List(val, "strings") // it is a list
		}
		for _, v := range values {
			text, err := c.numberText(v)
			if err != nil {
				c.wrong(of, subject, codeValue, err)
				break
			}
			if err := sum.add(len(name), len(text)); err != nil {
				c.wrongValue(g, err)
				return
			}
			h, err := plan.NewHeaderEdit(plan.HeaderAdd, name, plan.Plain(text))
			if err == nil && slices.Contains(refusedHeaders, h.Lower()) {
				err = fmt.Errorf("ldcorn writes this header; remove it")
			}
			if err != nil {
				c.wrong(at, subject, codeValue, err)
				break
			}
			a.Headers = append(a.Headers, h)
		}
	}
}

// respond implements the word respond.
func (s *Session) respond(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	d := &Decision{opaque: "decision", plan: plan.Decision{Answer: &plan.Answer{Status: http.StatusOK}}}
	a := d.plan.Answer
	r := read(s, thread, b.Name(), respondFields, args, kwargs, a)
	if len(a.Body) > 0 && (!plan.HasBody(a.Status) || a.Status == http.StatusResetContent) {
		r.call.wrongValue(r.given("body"), value.Wrong("omit it", "must be empty: an answer with status %d has no body", a.Status))
	}
	if len(a.Body) > 0 && !slices.ContainsFunc(a.Headers, func(h plan.HeaderEdit) bool { return h.Lower() == "content-type" }) {
		a.Headers = append(a.Headers, plainText)
	}
	return d, r.end()
}

// plainText is the Content-Type of answers that have no other.
var plainText = func() plan.HeaderEdit {
	h, err := plan.NewHeaderEdit(plan.HeaderAdd, "Content-Type", plan.Plain("text/plain; charset=utf-8"))
	if err != nil {
		panic(err) // a test covers it
	}
	return h
}()

var redirectFields = []field[plan.Answer]{
	{Argument{Name: "url", Type: "str", Required: true, Rule: "a URL, or a path on this host",
		Doc:     "The target. Characters that a URL cannot contain, such as a space, are escaped; `req.raw_path` is a path that is already escaped. A target that begins with // is a path on this host; to name another host, write the scheme.",
		Example: `"/new"`, aka: []string{"location", "to", "path", "target"}}, setLocation},
	{Argument{Name: "status", Type: "int", Default: "307", Rule: "301, 302, 303, 307 or 308",
		Doc: "The status of the answer. 307 and 308 keep the method; 301 and 308 are permanent.", aka: []string{"code", "status_code"}}, setRedirect},
}

func setLocation(c *call, g *given, a *plan.Answer) {
	s, err := c.text(g.value)
	if err == nil && strings.TrimSpace(s) == "" {
		err = value.Wrong("", "is empty")
	}
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	if n := escapedLen(s); n > maxHeaderBytes {
		c.wrongValue(g, value.Wrong("", "has %d bytes after escaping, but a header can have at most %d", n, maxHeaderBytes))
		return
	}
	h, err := plan.NewHeaderEdit(plan.HeaderAdd, "Location", plan.Plain(escapeURL(s)))
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	a.Headers = []plan.HeaderEdit{h}
}

func setRedirect(c *call, g *given, a *plan.Answer) {
	n, err := value.Int(g.value, 0, noLimit)
	if err == nil && !slices.Contains([]int{301, 302, 303, 307, 308}, n) {
		err = value.Wrong("", "must be one of 301, 302, 303, 307, 308, got %d", n)
	}
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	a.Status = n
}

// redirect implements the word redirect.
func (s *Session) redirect(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	d := &Decision{opaque: "decision", plan: plan.Decision{Answer: &plan.Answer{Status: http.StatusTemporaryRedirect, Redirect: true}}}
	r := read(s, thread, b.Name(), redirectFields, args, kwargs, d.plan.Answer)
	return d, r.end()
}

// escapeURL escapes the characters that a URL cannot contain, so that a decoded
// path neither ends the header nor breaks it. It keeps existing escapes. A text
// that begins with two slashes would name another host (RFC 3986 section 4.2),
// and any client can ask for such a path, so escapeURL escapes the second slash
// to make it a path.
func escapeURL(s string) string {
	const digits = "0123456789ABCDEF"
	out := make([]byte, 0, escapedLen(s))
	for i := range len(s) {
		if c := s[i]; escapes(s, i) {
			out = append(out, '%', digits[c>>4], digits[c&15])
		} else {
			out = append(out, c)
		}
	}
	return string(out)
}

// escapedLen returns the length of the result of escapeURL.
func escapedLen(s string) int {
	n := len(s)
	for i := range len(s) {
		if escapes(s, i) {
			n += len("%FF") - 1
		}
	}
	return n
}

// escapes reports whether the byte at i must be escaped in a URL.
func escapes(s string, i int) bool {
	c := s[i]
	return c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 || i == 1 && c == '/' && s[0] == '/'
}

// text reads a string. The string of a late call can hold anything that a
// client has sent.
func (c *call) text(v starlark.Value) (string, error) {
	if c.late {
		return value.ForeignString(v)
	}
	return value.String(v)
}

// numberText is text for arguments that people often write as a number.
func (c *call) numberText(v starlark.Value) (string, error) {
	if err := value.NotNumber(v); err != nil {
		return "", err
	}
	return c.text(v)
}
