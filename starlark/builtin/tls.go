package builtin

import (
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A TLS is the value of tls.
type TLS struct {
	opaque
	spec plan.TLS
	bad  bool // an argument is wrong, which has been reported

	values map[string]diag.Span // of the arguments that are given, by name
}

// String returns a call that makes the value, without a key.
func (t *TLS) String() string { return t.spec.String() }

const tlsForms = `tls("cert.pem", key="key.pem")`

func tlsWord() Word {
	return Word{Name: "tls", Returns: "tls",
		Doc: "A certificate with its key, for clients that ask for one of its names. Only for `tls` of listen. " +
			"The files are read again by every reload, and as soon as they change.",
		Arguments: argumentsOf(tlsFields)}
}

const (
	pathRule = "a relative path starts at the configuration's folder"
	pemRule  = "a file in PEM, or a secret that holds PEM; " + pathRule
)

var tlsFields = []field[plan.TLS]{
	{Argument{Name: "cert", Type: "str | secret", Required: true, Rule: pemRule,
		Doc: "The certificate, and behind it those that have signed it, as in fullchain.pem of certbot.", Example: `"/etc/ssl/example.com/fullchain.pem"`,
		aka: []string{"certificate", "certfile", "ssl_certfile", "ssl_certificate", "cert_file", "chain", "fullchain", "crt", "pem"}}, setPEM(func(t *plan.TLS) *plan.Text { return &t.Cert })},
	{Argument{Name: "key", Type: "str | secret", Keyword: true, Absent: "the file of `cert` has the key, too", Rule: pemRule,
		Doc: "The private key of the certificate, not encrypted.", Example: `"/etc/ssl/example.com/privkey.pem"`,
		aka: []string{"keyfile", "ssl_keyfile", "ssl_certificate_key", "key_file", "private_key", "privkey"}}, setPEM(func(t *plan.TLS) *plan.Text { return &t.Key })},
	{Argument{Name: "min_version", Type: "str", Choices: []string{string(plan.TLS12), string(plan.TLS13)}, Keyword: true, Default: `"1.2"`, Rule: `one of "1.2", "1.3"`,
		Doc: "The oldest version of TLS that is spoken.", aka: []string{"minimum_version", "ssl_version", "version", "protocols", "ssl_protocols"}}, setMinVersion},
	{Argument{Name: "client_ca", Type: "str | secret | None", Keyword: true, Default: "None", Rule: pemRule,
		Doc: "The authorities whose certificates clients can show. None means that clients are not asked for a certificate.",
		aka: []string{"ca", "ca_certs", "ssl_ca_certs", "client_cas", "ssl_client_certificate", "ca_file"}}, setClientCA},
	{Argument{Name: "client_auth", Type: "str", Choices: []string{string(plan.ClientAuthRequire), string(plan.ClientAuthRequest)}, Keyword: true, Absent: `"require" with client_ca`,
		Rule: `one of "require", "request"`, Doc: "Whether a client must show a certificate. With \"request\" it may have none, but one that it shows must be good.",
		aka: []string{"verify_client", "ssl_verify_client", "ssl_cert_reqs", "mtls"}}, setClientAuth},
	{Argument{Name: "http2", Type: "bool", Keyword: true, Default: "True", Rule: "True or False",
		Doc: "Whether clients can speak HTTP/2. Without it, they are offered HTTP/1.1 only.", aka: []string{"h2", "http_2", "alpn"}}, setHTTP2},
}

// setPEM reads a path or PEM. PEM that is no secret would be shown.
func setPEM(place func(*plan.TLS) *plan.Text) func(*call, *given, *plan.TLS) {
	return func(c *call, g *given, t *plan.TLS) {
		if s, ok := g.value.(*value.Secret); ok {
			if *place(t) = plan.Secret(s.Reveal()); !plan.IsPEM(*place(t)) {
				c.wrongValue(g, value.Wrong("give the path itself for a file", "is a secret that does not hold PEM"))
			}
			return
		}
		path, err := value.String(g.value)
		switch _, is := g.value.(*starlark.List); {
		case err != nil && !is:
			err = value.WrongType("the path of a file, or a secret with PEM", g.value, noneLabel(g))
		case err == nil && strings.Contains(path, "-----BEGIN "):
			err = value.Wrong(`write secret("NAME"), and set the environment variable NAME`, "holds PEM, which would be shown")
		case err == nil && path == "":
			err = value.Wrong("write the path of a file", "is empty")
		}
		if err != nil {
			c.wrongValue(g, err)
			return
		}
		*place(t) = plan.Plain(c.session.absolute(path))
	}
}

// noneLabel is the correction for None in the place of an argument that can be omitted.
func noneLabel(g *given) string {
	if g.value == starlark.None && !g.arg.Required {
		return "omit the argument"
	}
	return ""
}

func setMinVersion(c *call, g *given, t *plan.TLS) {
	switch v := g.value.(type) {
	case starlark.Float:
		c.wrongValue(g, value.WrongType("a string", v, fmt.Sprintf(`write "%v"`, v)))
		return
	case starlark.NoneType:
		c.wrongValue(g, value.WrongType("a string", v, noneLabel(g)))
		return
	}
	text, err := value.Choice(g.value, g.arg.Choices, diag.Near)
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	t.MinVersion = plan.TLSVersion(text)
}

func setClientCA(c *call, g *given, t *plan.TLS) {
	if g.value != starlark.None {
		setPEM(func(t *plan.TLS) *plan.Text { return &t.ClientCA })(c, g, t)
	}
}

// notAsked are the values for client_auth with which others do not ask clients.
var notAsked = []starlark.Value{starlark.None, starlark.False, starlark.String(""), starlark.String("none"), starlark.String("off"), starlark.String("no")}

func setClientAuth(c *call, g *given, t *plan.TLS) {
	if slices.Contains(notAsked, g.value) {
		c.wrongValue(g, value.Wrong("omit it and client_ca: then clients are not asked", `must be one of "require", "request", got %s`, value.Describe(g.value)))
		return
	}
	text, err := value.Choice(g.value, g.arg.Choices, diag.Near)
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	t.ClientAuth = plan.ClientAuth(text)
}

func setHTTP2(c *call, g *given, t *plan.TLS) {
	on, err := value.Bool(g.value)
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	t.NoHTTP2 = !on
}

// tls implements the word tls.
func (s *Session) tls(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	out := &TLS{opaque: "tls", spec: plan.TLS{MinVersion: plan.TLS12}}
	r := read(s, thread, b.Name(), tlsFields, args, kwargs, &out.spec)
	for _, g := range r.have {
		if value.IsUnset(g.value) {
			return g.value, nil
		}
	}
	if r.have["key"] == nil {
		out.spec.Key = out.spec.Cert
	}
	r.needsCA(&out.spec)
	out.bad, out.values = r.call.failed, spansOf(r.have)
	return out, r.end()
}

// needsCA completes client_auth, which needs client_ca.
func (r *reading) needsCA(t *plan.TLS) {
	switch ca, auth := r.have["client_ca"], r.have["client_auth"]; {
	case ca != nil && ca.value != starlark.None:
		if t.ClientAuth == "" {
			t.ClientAuth = plan.ClientAuthRequire
		}
	case auth != nil && !r.call.failed:
		r.call.wrongValue(auth, value.Wrong("add client_ca=", "needs `client_ca`, which says whose certificates are good"))
	}
}

// setTLS reads the argument tls of listen: a tls, an acme, or a list of them.
func setTLS(c *call, g *given, l *plan.Listener) {
	if g.value == starlark.None {
		return
	}
	elems, err := value.List(g.value, "certificates")
	if err != nil {
		elems = []starlark.Value{g.value}
	} else if len(elems) == 0 {
		c.wrongValue(g, value.Wrong("write None, or omit the argument, for a listener without TLS", "must hold at least one certificate"))
	}
	for i, e := range elems {
		switch v := e.(type) {
		case *TLS:
			if !v.bad {
				l.TLS = append(l.TLS, v.spec)
			}
			c.failed = c.failed || v.bad
		case *ACME:
			if !v.bad {
				l.TLS = append(l.TLS, v.specs...)
			}
			c.failed = c.failed || v.bad
		default:
			if value.IsUnset(e) {
				continue
			}
			var err error = value.WrongType(tlsForms, e, tlsLabel(e))
			if err2 := g.value; err2 != e {
				err = &value.ElementError{Index: i, Err: err}
			}
			c.wrongValue(g, err)
		}
	}
}

func tlsLabel(v starlark.Value) string {
	switch v.(type) {
	case starlark.Bool, *starlark.Builtin, starlark.String:
		return "write " + tlsForms
	}
	return ""
}

// tlsSpans returns the positions of what setTLS adds to a listener, and of its arguments.
func (c *call) tlsSpans(g *given) (out []diag.Span, values []map[string]diag.Span) {
	if g == nil {
		return nil, nil
	}
	elems, err := value.List(g.value, "certificates")
	if err != nil {
		elems = []starlark.Value{g.value}
	}
	for i, e := range elems {
		n, of := 0, map[string]diag.Span(nil)
		switch v := e.(type) {
		case *TLS:
			n, of = 1, v.values
		case *ACME:
			n, of = len(v.specs), v.values
		}
		out = append(out, slices.Repeat([]diag.Span{c.element(g, i)}, n)...)
		values = append(values, slices.Repeat([]map[string]diag.Span{of}, n)...)
	}
	return out, values
}
