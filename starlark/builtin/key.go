package builtin

import (
	"regexp"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A Key is the value of by_cookie, by_header or by_client_ip.
type Key struct {
	opaque
	Key match.Key
}

// String returns a call that makes the key.
func (k *Key) String() string { return k.Key.String() }

func keyWords() []Word {
	return []Word{
		{Name: string(match.KeyCookie), Returns: "key", Doc: "Identifies a client by the value of a cookie. Of several with the name the last one counts; for `fair` and `rate`, several that differ count as none.",
			Arguments: []Argument{{Name: "name", Type: "str", Required: true, Rule: "case matters",
				Doc: "The cookie.", Example: `"session"`, aka: []string{"cookie", "key"}}}},
		{Name: string(match.KeyHeader), Returns: "key", Doc: "Identifies a client by the value of a header. Of several lines with the name the first one counts; for `fair` and `rate`, several that differ count as none.",
			Arguments: []Argument{{Name: "name", Type: "str", Required: true, Rule: "in upper or lower case",
				Doc: "The header.", Example: `"X-User"`, aka: []string{"header", "key"}}}},
		{Name: string(match.KeyClientIP), Returns: "key",
			Doc: "Identifies a client by its address. Behind trusted proxies, it is the address that they report."},
	}
}

// key implements by_cookie, by_header and by_client_ip.
func (s *Session) key(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	c := s.begin(thread, s.words[b.Name()])
	have := c.bind(args, kwargs)
	key := &Key{opaque: "key", Key: match.Key{By: match.KeyKind(b.Name())}}
	g := have["name"]
	switch {
	case g == nil:
		return key, nil
	case value.IsUnset(g.value):
		return g.value, nil
	}
	name, err := value.String(g.value)
	if err == nil {
		err = checkToken(name)
	}
	if err != nil {
		c.wrongValue(g, err)
	}
	if key.Key.By == match.KeyHeader {
		c.checkSeen(g, name)
		c.checkNoCookies(g, name, string(match.KeyCookie)+`("name")`)
		if lower := strings.ToLower(name); lower != name {
			key.Key.Shown, name = name, lower
		}
	}
	key.Key.Name = name
	return key, nil
}

// token matches a name in HTTP (RFC 9110 section 5.6.2).
var token = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

func checkToken(s string) error {
	switch {
	case s == "":
		return value.Wrong("", "is empty")
	case token.MatchString(s):
		return nil
	}
	label := ""
	better := strings.Trim(s, `:=; "'`)
	if joined := strings.ReplaceAll(better, " ", "-"); token.MatchString(joined) {
		label = "write " + value.Quote(joined)
	}
	return value.Wrong(label, "has characters that such a name cannot have: %s", value.Quote(s))
}

const keyForms = match.KeyForms

func setFair(c *call, g *given, p *plan.Group) {
	if key, ok := c.optionalKey(g); ok {
		p.Fair = key
	}
}

// optionalKey reads a key or None, which is the zero key.
func (c *call) optionalKey(g *given) (match.Key, bool) {
	switch v := g.value.(type) {
	case starlark.NoneType:
		return match.Key{}, true
	case *Key:
		return v.Key, true
	default:
		c.wrongValue(g, value.WrongType("None, "+keyForms, v, keyLabel(v)))
		return match.Key{}, false
	}
}

// looksLikeHeader reports whether a name is written as headers are: with
// hyphens, and a capital first.
func looksLikeHeader(s string) bool {
	return token.MatchString(s) && strings.Contains(s, "-") && s[0] >= 'A' && s[0] <= 'Z' || strings.EqualFold(s, "authorization")
}

func keyLabel(v starlark.Value) string {
	if label := affinityLabel(v); label != "" {
		return label
	}
	switch v := v.(type) {
	case *starlark.Builtin:
		switch v.Name() {
		case string(match.KeyClientIP):
			return "call it: add () after its name"
		case string(match.KeyCookie), string(match.KeyHeader):
			return `call it: write ` + v.Name() + `("name")`
		}
	case starlark.String:
		switch s := string(v); {
		case s == "ip" || s == "client_ip" || s == string(match.KeyClientIP):
			return "write by_client_ip()"
		case s == "header":
			return `write by_header("X-API-Key")`
		case s == "cookie":
			return `write by_cookie("session")`
		case looksLikeHeader(s):
			return "write by_header(" + value.Quote(s) + ")"
		case token.MatchString(s):
			return "write by_cookie(" + value.Quote(s) + ")"
		}
	case starlark.Bool:
		if v {
			return "write " + keyForms
		}
		return "write None"
	case *starlark.List, starlark.Tuple:
		return "write one key, without brackets; a router can join several in `fair` or `key` of to(…)"
	case *starlark.Function:
		return "a function can be the router, which gives keys with `fair` or `key` of to(…)"
	}
	return ""
}
