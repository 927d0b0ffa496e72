package plan

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/ldcorn/ldcorn/engine/match"
)

// A Sticky says which requests of a group go to the same worker, in one of three
// ways. The zero Sticky leaves that to Balance.
type Sticky struct {
	Key     match.Key // a hash of it chooses the worker
	Issued  Issued    // a cookie of ldcorn's own names the seat
	Session Session   // an id that a worker has given names the worker
}

// Binds reports whether answers bind clients or sessions to workers, unlike a
// key.
func (s Sticky) Binds() bool { return s.Issued.Name != "" || s.Session.Name != "" }

// String returns the value as the configuration writes it, without a secret.
func (s Sticky) String() string {
	switch {
	case s.Issued.Name != "":
		return s.Issued.String()
	case s.Session.Name != "":
		return s.Session.String()
	}
	return s.Key.String()
}

// StickyForms lists the ways to write a Sticky.
const StickyForms = `by_cookie("name"), by_header("name"), by_client_ip(), by_issued("name") or by_session(header="name")`

// An Issued describes the cookies that bind the clients of a group to its
// seats. The zero Issued means none.
type Issued struct {
	Name     string // of the cookie, without the group
	SameSite SameSite
	Key      Text // signs the cookies; empty means a random key of the master
}

// Cookie returns the name of the cookie of a group.
func (i Issued) Cookie(group string) string { return i.Name + "_" + group }

// IsSecure reports whether browsers keep the cookies only if they are Secure,
// because of SameSite or of a prefix that they know in any case.
func (i Issued) IsSecure() bool {
	name := strings.ToLower(i.Name)
	return i.SameSite == SameSiteNone || strings.HasPrefix(name, "__host-") || strings.HasPrefix(name, "__secure-")
}

// String returns the value as the configuration writes it, without the key.
func (i Issued) String() string {
	out := fmt.Sprintf("by_issued(%q", i.Name)
	if i.SameSite != SameSiteLax {
		out += fmt.Sprintf(", same_site=%q", string(i.SameSite))
	}
	if i.Key.Reveal() != "" {
		out += ", key=" + i.Key.String()
	}
	return out + ")"
}

// A SameSite says which requests from other sites carry a cookie.
type SameSite string

// The values of SameSite.
const (
	SameSiteLax    SameSite = "lax" // those that open a page
	SameSiteStrict SameSite = "strict"
	SameSiteNone   SameSite = "none" // all of them, but only over https
)

// SameSites lists the values. It is read-only.
var SameSites = []string{string(SameSiteLax), string(SameSiteStrict), string(SameSiteNone)}

// Attribute returns the value as Set-Cookie has it.
func (s SameSite) Attribute() string {
	switch s {
	case SameSiteStrict:
		return "Strict"
	case SameSiteNone:
		return "None"
	}
	return "Lax"
}

// A Session says where the id of a session is found that a worker has made. The
// zero Session means nowhere.
type Session struct {
	In    SessionPlace
	Name  string // of the header in lower case, the cookie or the parameter
	Shown string // the name of the header as written, if that is not Name
	Learn Learning
}

// A SessionPlace is a part of a request that can hold the id of a session.
type SessionPlace string

// The places. Workers give an id in the header of the same name, in Set-Cookie,
// or as Learning says.
const (
	SessionHeader SessionPlace = "header"
	SessionCookie SessionPlace = "cookie"
	SessionQuery  SessionPlace = "query"
)

// HeaderMCP is the header that names a session of the Model Context Protocol.
const HeaderMCP = "mcp-session-id"

// Waits returns the protocol of the sessions if its clients keep a request open
// to wait for messages, or "".
func (s Session) Waits() string {
	switch {
	case s.Learn == LearnEngineIO:
		return "Engine.IO"
	case s.In == SessionHeader && s.Name == HeaderMCP:
		return "MCP"
	}
	return ""
}

// A Learning is a protocol whose answers name a session in their body.
type Learning string

// LearnEngineIO is the protocol beneath Socket.IO.
const LearnEngineIO Learning = "engine.io"

// Learnings lists the protocols. It is read-only.
var Learnings = []string{string(LearnEngineIO)}

// String returns the value as the configuration writes it.
func (s Session) String() string {
	out := fmt.Sprintf("by_session(%s=%q", s.In, cmp.Or(s.Shown, s.Name))
	if s.Learn != "" {
		out += fmt.Sprintf(", learn=%q", string(s.Learn))
	}
	return out + ")"
}

// bindingCookie returns the name of the cookie by which the group binds its
// clients to their workers, or "".
func (g *Group) bindingCookie() string {
	switch {
	case g.Sticky.Issued.Name != "":
		return g.Sticky.Issued.Cookie(g.Name)
	case g.Sticky.Session.In == SessionCookie:
		return g.Sticky.Session.Name
	}
	return ""
}

// sharedCookies reports groups with by_issued whose cookie another group also
// uses. Each would replace the other's: ldcorn_b_c is ldcorn of the group "b_c",
// and ldcorn_b of the group "c".
func sharedCookies(p *Plan) (out []Problem) {
	first := make(map[string]*Group)
	for _, group := range p.Groups {
		name := group.bindingCookie()
		if name == "" || group.Name == "" {
			continue
		}
		before := first[name]
		if before == nil {
			first[name] = group
			continue
		}
		if before.Name == group.Name || before.Sticky.Issued.Name == "" && group.Sticky.Issued.Name == "" {
			continue // the names are the mistake; or both are cookies of the apps, which may share them
		}
		out = append(out, Problem{
			Code:    CodeSameCookie,
			Message: fmt.Sprintf("the groups %q and %q bind their clients by one cookie, %q", before.Name, group.Name, name),
			Label:   "use another name here: by_issued adds _ and the name of the group to it",
			Place:   Place{Group: group, Argument: "sticky"},
			Other:   Place{Group: before, Argument: "sticky"},
			Said:    "the other one is here",
		})
	}
	return out
}

// cappedPolls warns about sessions whose clients keep a slot while they wait,
// so that few sessions make a worker unusable for all of them.
func cappedPolls(p *Plan) []Problem {
	var out []Problem
	for _, group := range p.Groups {
		protocol := group.Sticky.Session.Waits()
		if protocol == "" || !group.HasCap() {
			continue
		}
		argument := "max_req_per_worker"
		if group.MaxReqPerWorker == 0 {
			argument = "limits"
		}
		out = append(out, Problem{
			Code: CodeCappedPolls, Warning: true,
			Message: fmt.Sprintf("group %q has `%s` and sessions of %s: each connected client keeps one request open, and with it a slot", group.Name, argument, protocol),
			Label:   "limit the costly work in the app, or in a group of its own, unless that is intended",
			Place:   Place{Group: group, Argument: argument},
		})
	}
	return out
}

// stickySecrets returns the key of the cookies, if the configuration gives one.
func stickySecrets(g *Group) []string {
	if key := g.Sticky.Issued.Key.Reveal(); key != "" {
		return []string{key}
	}
	return nil
}
