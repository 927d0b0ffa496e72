package decide

import (
	"slices"
	"strconv"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// A Setting is what a request gets at its group besides a worker: a priority, a
// buffer, a limit or a key.
type Setting struct {
	Name  string // of the argument
	Value string // in the configuration's notation
	From  From
	At    plan.Pos // of the call; zero for a default
	Key   string   // what the request has for a key; "" if it has none, or the setting is not by key
}

// A From is the word of the configuration that a Setting comes from.
type From string

// The origins of a Setting.
const (
	FromDefault From = "default"
	FromConfig  From = "LdConfig"
	FromGroup   From = "WorkerGroup"
	FromRule    From = "rule"
	FromTo      From = "to"
)

// shownSettings are the arguments that Settings looks at, in its order.
var shownSettings = []string{"priority", "request_buffer", "response_buffer", "fair", "sticky", "limits"}

// Settings returns the settings of a request. A default is left out unless it
// does something. A request that ldcorn answers has only a rate limit.
func (x *Explainer) Settings(r match.Request, o *Outcome[string]) (out []Setting) {
	group := x.plan.Group(o.Group)
	if group == nil {
		return x.rateLimits(r, o, &plan.Group{})
	}
	if o.Key != "" {
		out = append(out, Setting{Name: "key", Value: strconv.Quote(o.Key), From: FromTo, At: x.plan.Router.Pos()})
	}
	for _, name := range shownSettings {
		if name == "sticky" && o.Key != "" {
			continue
		}
		if single, found := x.single(name, o, group); found {
			out = append(out, single)
		} else {
			out = append(out, x.ofGroup(name, group, r)...)
		}
	}
	return append(out, x.rateLimits(r, o, group)...)
}

// rateLimits returns the rate limits of a request, all of which count it.
func (x *Explainer) rateLimits(r match.Request, o *Outcome[string], group *plan.Group) (out []Setting) {
	add := func(limit plan.RateLimit, from From, at plan.Pos) {
		if !limit.IsZero() {
			out = append(out, Setting{Name: "rate_limit", Value: limit.String(), From: from, At: at, Key: networkText(r, limit.By)})
		}
	}
	add(x.plan.RateLimit, FromConfig, x.plan.Pos)
	add(group.RateLimit, FromGroup, group.Pos)
	if o.Route != nil {
		add(o.Route.RateLimit, FromRule, o.Route.Pos)
	}
	return out
}

// single returns a setting of the rule or the router.
func (x *Explainer) single(name string, o *Outcome[string], group *plan.Group) (Setting, bool) {
	if name == "fair" && o.Fair != "" && group.Fair.By != match.KeyNone {
		return Setting{Name: name, Value: strconv.Quote(o.Fair), From: FromTo, At: x.plan.Router.Pos()}, true
	}
	if o.Override == nil {
		return Setting{}, false
	}
	from, at := FromTo, plan.Pos{}
	if o.Route != nil {
		from, at = FromRule, o.Route.Pos
	} else if x.plan.Router != nil {
		at = x.plan.Router.Pos()
	}
	found := settingOf(plan.OverrideAttributes, name, o.Override, from, at)
	if len(found) == 0 {
		return Setting{}, false
	}
	return found[0], true
}

// ofGroup returns a setting of the group, or none for a default that does
// nothing.
func (x *Explainer) ofGroup(name string, group *plan.Group, r match.Request) []Setting {
	found := settingOf(plan.GroupAttributes, name, group, FromGroup, group.Pos)
	if len(found) > 0 {
		found[0].Key = keyIn(r, name, group)
		return found
	}
	value := ""
	switch name {
	case "priority":
		value = "0"
	case "request_buffer":
		value = plan.Bytes(group.RequestBufferSize()).String()
	case "response_buffer":
		value = plan.Bytes(group.ResponseBufferSize()).String()
	}
	if value == "" || !group.HasCap() {
		return nil
	}
	return []Setting{{Name: name, Value: value, From: FromDefault}}
}

// settingOf returns the setting with a name, or none if it has its default.
func settingOf[T any](table []plan.Attribute[T], name string, t *T, from From, at plan.Pos) []Setting {
	i := slices.IndexFunc(table, func(a plan.Attribute[T]) bool { return a.Name == name })
	if i < 0 {
		return nil
	}
	value := table[i].Show(t)
	if value == table[i].Default {
		return nil
	}
	return []Setting{{Name: name, Value: value, From: from, At: at}}
}

// keyIn returns what a request has for the key of a setting.
func keyIn(r match.Request, name string, group *plan.Group) string {
	switch name {
	case "fair":
		return networkText(r, group.Fair)
	case "sticky":
		return stickyText(r, group)
	}
	return ""
}

// stickyText returns what a request has for the sticky of a group, or "". It
// does not know whether a cookie is ldcorn's own, or a session alive.
func stickyText(r match.Request, group *plan.Group) string {
	session := group.Sticky.Session
	switch {
	case group.Sticky.Issued.Name != "":
		return keyText(r, match.Key{By: match.KeyCookie, Name: group.Sticky.Issued.Cookie(group.Name)})
	case session.In == plan.SessionHeader:
		return keyText(r, match.Key{By: match.KeyHeader, Name: session.Name})
	case session.In == plan.SessionCookie:
		return keyText(r, match.Key{By: match.KeyCookie, Name: session.Name})
	case session.In == plan.SessionQuery:
		v, _ := r.Query(session.Name)
		return string(v)
	}
	return keyText(r, group.Sticky.Key)
}

// networkText is keyText where nobody can have several keys: a network of IPv6
// counts as one client, and different values count as none.
func networkText(r match.Request, key match.Key) string {
	if ip := r.ClientIP(); key.By == match.KeyClientIP && ip.Is6() && !ip.Is4In6() {
		network, _ := ip.WithZone("").Prefix(64) // an address has more bits
		return network.String()
	}
	if key.By != match.KeyClientIP {
		return string(key.Sole(r))
	}
	return keyText(r, key)
}

// keyText returns what a request has for a key, or "".
func keyText(r match.Request, key match.Key) string {
	if ip := r.ClientIP(); key.By == match.KeyClientIP && ip.IsValid() {
		return ip.String()
	}
	return string(key.Value(r))
}
