package plan

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

// A Hook learns of events: a program, or an address that gets a POST.
type Hook struct {
	Command Command         // of a program; its Timeout is also that of an address
	URL     Text            // of an address; empty for a program
	Headers []HeaderEdit    // of the request to an address; each sets a header
	Events  []api.EventKind // in the order of HookEvents
}

// Limits of hooks.
const (
	DefaultHookTimeout    = 30 * time.Second // of a program
	DefaultWebhookTimeout = 10 * time.Second // of each try
	MaxHooks              = 16
)

// DefaultHookEvents are the events that a hook learns of unless it names others: what
// somebody may have to look after, and the end of incidents. It is read-only.
var DefaultHookEvents = []api.EventKind{api.EventCrashed, api.EventFailed, api.EventKept, api.EventOverloaded,
	api.EventReloadFailed, api.EventBeforeFailed, api.EventCertWarning, api.EventCertFailed, api.EventIncident, api.EventIncidentOver}

// HookEvents are the events that hooks can learn of: all but those about hooks. It is
// read-only.
var HookEvents = slices.DeleteFunc(slices.Clone(api.EventKinds), func(k api.EventKind) bool {
	return k == api.EventHook || k == api.EventHookFailed
})

// IsWebhook reports whether the hook is an address.
func (h *Hook) IsWebhook() bool { return h.Command.Args == nil }

// Name returns the program, or the host of the address unless that is a secret. Neither
// a path, which can be a secret by itself, nor a password is part of it.
func (h *Hook) Name() string {
	if !h.IsWebhook() {
		return h.Command.Args[0]
	}
	if u, err := url.Parse(h.URL.Reveal()); err == nil && !h.URL.IsSecret() {
		return u.Host
	}
	return "webhook"
}

// String returns the hook as the configuration writes it, without secrets.
func (h Hook) String() string {
	var b strings.Builder
	timeout := DefaultHookTimeout
	if h.IsWebhook() {
		timeout = DefaultWebhookTimeout
		b.WriteString("webhook(" + showText(h.URL))
	} else {
		b.WriteString("hook(" + showList(h.Command.Args))
	}
	if !slices.Equal(h.Events, DefaultHookEvents) {
		b.WriteString(", events=" + showList(kindNames(h.Events)))
	}
	if len(h.Headers) > 0 {
		pairs := make([]string, len(h.Headers))
		for i, e := range h.Headers {
			pairs[i] = fmt.Sprintf("%q: %s", e.Name, showText(e.Value))
		}
		b.WriteString(", headers={" + strings.Join(pairs, ", ") + "}")
	}
	b.WriteString(h.Command.rest(timeout) + ")")
	return b.String()
}

// showText returns a text in quotes, or the mark of a secret.
func showText(t Text) string {
	if t.IsSecret() {
		return secretMark
	}
	return fmt.Sprintf("%q", t.Reveal())
}

func kindNames(kinds []api.EventKind) []string {
	out := make([]string, len(kinds))
	for i, k := range kinds {
		out[i] = string(k)
	}
	return out
}

// HookEventNames returns the names of HookEvents.
func HookEventNames() []string { return kindNames(HookEvents) }

// Equal reports whether two hooks are the same, secrets included.
func (h *Hook) Equal(o *Hook) bool {
	return h.Command.Equal(&o.Command) && h.URL == o.URL && slices.Equal(h.Headers, o.Headers) && slices.Equal(h.Events, o.Events)
}

// hookSecrets returns what the text of the hooks hides.
func hookSecrets(all []Hook) (out []string) {
	for i := range all {
		if all[i].URL.IsSecret() {
			out = append(out, all[i].URL.Reveal())
		}
		out = append(out, editSecrets(all[i].Headers)...)
	}
	return out
}

var hookAttribute = planAttribute{Name: "on_event", Type: "list[hook]", Default: "[]", Effect: EffectSupervisor,
	Rule:       "of `hook` and `webhook`; at most 16",
	Doc:        "Programs and addresses that learn of events, such as crashes and failed reloads.",
	OtherNames: []string{"hooks", "events", "webhooks", "notify", "notifications", "alerts", "on_crash", "worker_exit", "child_exit", "on_failure", "on_reload"},
	Show:       func(p *Plan) string { return showPlain(texts(p.OnEvent)) },
	Same: func(a, b *Plan) bool {
		return slices.EqualFunc(a.OnEvent, b.OnEvent, func(x, y Hook) bool { return x.Equal(&y) })
	},
	Secrets: func(p *Plan) []string { return hookSecrets(p.OnEvent) },
	Copy:    func(to, from *Plan) { to.OnEvent = from.OnEvent }}

// showPlain returns a list of texts that are in the notation of the configuration.
func showPlain(texts []string) string { return "[" + strings.Join(texts, ", ") + "]" }
