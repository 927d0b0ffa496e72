package builtin

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A Hook is the value of hook or webhook.
type Hook struct {
	opaque
	spec plan.Hook
	bad  bool // an argument is wrong, which has been reported
}

// String returns a call that makes the hook, without secrets.
func (h *Hook) String() string {
	if h.bad {
		return h.opaque.String()
	}
	return h.spec.String()
}

// eventsArgument is the argument events of both words.
var eventsArgument = Argument{Name: "events", Type: "list[str]", Keyword: true, Default: quotedKinds(plan.DefaultHookEvents),
	Rule: "of " + quotedKinds(plan.HookEvents), Doc: "The events, as `ldcorn events --json` names them.", aka: []string{"on", "kinds", "event", "only", "filter"}}

// quotedKinds returns a list of events as the configuration writes it.
func quotedKinds(kinds []api.EventKind) string {
	out := make([]string, len(kinds))
	for i, k := range kinds {
		out[i] = value.Quote(string(k))
	}
	return "[" + strings.Join(out, ", ") + "]"
}

func hookWords() []Word {
	return []Word{
		{Name: "hook", Returns: "hook",
			Doc:       "A program for `on_event` of LdConfig. It runs once for each event, which it reads as JSON on its standard input, one after another.",
			Arguments: argumentsOf(hookFields), surplus: `write one list, as in hook(["./notify", "ops"])`},
		{Name: "webhook", Returns: "hook",
			Doc:       "An address for `on_event` of LdConfig. It gets a POST with JSON for each event, one after another. Network errors and answers of 429 and 5xx are tried again, up to four times.",
			Arguments: argumentsOf(webhookFields), surplus: "write a webhook(…) for each address"},
	}
}

var hookFields = []field[plan.Hook]{
	{argsArgument, func(c *call, g *given, h *plan.Hook) { setArgs(c, g, &h.Command) }},
	{eventsArgument, setEvents},
	{ofArgument, func(c *call, g *given, h *plan.Hook) { setOf(c, g, &h.Command) }},
	{timeoutArgument(plan.DefaultHookTimeout, "How long it may run for one event. Then it is told to exit with TERM, killed after 5 seconds, and has failed.", "more than 0"), setHookTimeout},
}

var webhookFields = []field[plan.Hook]{
	{Argument{Name: "url", Type: "str | secret", Required: true, Rule: "begins with http:// or https://",
		Doc: "The address. Redirects are not followed.", Example: `"https://alerts.example.com/ldcorn"`, aka: []string{"address", "to", "endpoint", "target"}}, setURL},
	{eventsArgument, setEvents},
	{Argument{Name: "headers", Type: "dict[str, str | secret]", Keyword: true, Default: "{}", Rule: `such as {"Authorization": secret("TOKEN")}`,
		Doc: "Headers of the request, besides Content-Type and User-Agent.", aka: []string{"header", "request_headers"}}, setHookHeaders},
	{timeoutArgument(plan.DefaultWebhookTimeout, "How long one try may take.", "more than 0"), setHookTimeout},
}

func setHookTimeout(c *call, g *given, h *plan.Hook) {
	setTimeout(c, g, &h.Command)
	if h.Command.Timeout == 0 && !c.failed {
		c.wrongValue(g, value.Wrong("", "must be more than 0"))
	}
}

// setEvents reads the kinds of events.
func setEvents(c *call, g *given, h *plan.Hook) {
	elems, err := value.List(g.value, `events, such as ["crashed", "reload_failed"]`)
	if err == nil && len(elems) == 0 {
		err = value.Wrong("omit the argument to use its default", "must name at least one event")
	}
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	var kinds []api.EventKind
	for i, e := range elems {
		if value.IsUnset(e) {
			continue
		}
		name, err := value.Choice(e, plan.HookEventNames(), diag.Near)
		if err != nil {
			c.wrongValue(g, &value.ElementError{Index: i, Err: err})
			continue
		}
		kinds = append(kinds, api.EventKind(name))
	}
	h.Events = slices.DeleteFunc(slices.Clone(plan.HookEvents), func(k api.EventKind) bool { return !slices.Contains(kinds, k) })
}

func setURL(c *call, g *given, h *plan.Hook) {
	text, shown := "", ""
	if s, ok := g.value.(*value.Secret); ok {
		text, shown = s.Reveal(), value.SecretMark
		h.URL = plan.Secret(text)
	} else {
		s, err := value.String(g.value)
		if err != nil {
			c.wrongValue(g, err)
			return
		}
		text, shown = s, value.Quote(s)
		h.URL = plan.Plain(text)
	}
	if u, err := url.Parse(text); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.Fragment != "" {
		c.wrongValue(g, value.Wrong(`write it as in "https://alerts.example.com/ldcorn"`, "must be an address that begins with http:// or https://, got %s", shown))
	}
}

func setHookHeaders(c *call, g *given, h *plan.Hook) {
	dict, ok := g.value.(*starlark.Dict)
	if !ok {
		c.wrongValue(g, value.WrongType(`a dict, such as {"Authorization": secret("TOKEN")}`, g.value, ""))
		return
	}
	for _, item := range dict.Items() {
		if value.IsUnset(item[1]) {
			continue
		}
		keySpan, valueSpan := c.entry(g, item[0])
		name, err := c.text(item[0])
		if err == nil {
			err = checkToken(name)
		}
		if err == nil && slices.Contains([]string{"host", "content-type", "content-length"}, strings.ToLower(name)) {
			err = value.Wrong("remove it", "is set by ldcorn")
		}
		if err != nil {
			c.wrong(keySpan, "a name in `headers`", codeHeader, err)
			continue
		}
		text, err := c.secretText(item[1])
		if err != nil {
			c.wrong(valueSpan, fmt.Sprintf("`headers[%q]`", name), codeValue, err)
			continue
		}
		edit, err := plan.NewHeaderEdit(plan.HeaderSet, name, text)
		if err != nil {
			c.wrong(valueSpan, fmt.Sprintf("`headers[%q]`", name), codeHeader, err)
			continue
		}
		h.Headers = append(h.Headers, edit)
	}
}

// secretText reads a string, a number or a secret.
func (c *call) secretText(v starlark.Value) (plan.Text, error) {
	if s, ok := v.(*value.Secret); ok {
		return plan.Secret(s.Reveal()), nil
	}
	text, err := c.numberText(v)
	return plan.Plain(text), err
}

// hook implements hook and webhook.
func (s *Session) hook(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	fields, timeout := hookFields, plan.DefaultHookTimeout
	if b.Name() == "webhook" {
		fields, timeout = webhookFields, plan.DefaultWebhookTimeout
	}
	out := &Hook{opaque: "hook", spec: plan.Hook{Command: plan.Command{Timeout: timeout}, Events: plan.DefaultHookEvents}}
	r := read(s, thread, b.Name(), fields, args, kwargs, &out.spec)
	for _, g := range r.have {
		if value.IsUnset(g.value) {
			return g.value, nil
		}
	}
	out.bad = r.call.failed
	return out, r.end()
}

// setOnEvent reads the list of hooks.
func setOnEvent(c *call, g *given, p *plan.Plan) {
	if one, ok := g.value.(*Hook); ok {
		c.wrongValue(g, value.WrongType("a list of hooks", one, "put [ ] around it"))
		return
	}
	elems, err := value.List(g.value, `hooks, such as [hook(["./notify"])]`)
	if err == nil && len(elems) > plan.MaxHooks {
		err = value.Wrong("", "has %d elements, but may have at most %d", len(elems), plan.MaxHooks)
	}
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	for i, e := range elems {
		one, ok := e.(*Hook)
		switch {
		case value.IsUnset(e):
		case !ok:
			c.wrongValue(g, &value.ElementError{Index: i, Err: value.WrongType(`a hook, such as hook(["./notify"]) or webhook("https://…")`, e, hookLabel(e))})
		case !one.bad:
			p.OnEvent = append(p.OnEvent, one.spec)
		}
	}
}

func hookLabel(v starlark.Value) string {
	switch v := v.(type) {
	case *starlark.List, starlark.Tuple:
		return fmt.Sprintf("write hook(%v)", v)
	case *Command:
		return "write hook in place of command"
	case starlark.String:
		if strings.HasPrefix(string(v), "http") {
			return "write webhook(" + value.Quote(string(v)) + ")"
		}
		return "write hook(" + quotedWords(string(v)) + ")"
	}
	return ""
}
