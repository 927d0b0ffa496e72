package builtin

import (
	"encoding/base64"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"go.starlark.net/starlark"
	"golang.org/x/net/idna"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// An ACME is the value of acme: certificates that an issuer gives.
type ACME struct {
	opaque
	specs []plan.TLS // one for each name
	bad   bool       // an argument is wrong, which has been reported

	values map[string]diag.Span // of the arguments that are given, by name
}

// String returns calls that make the value, without a key.
func (a *ACME) String() string { return plan.ShowTLS(a.specs) }

func acmeWord() Word {
	return Word{Name: "acme", Returns: "tls",
		Doc: "Certificates that an issuer such as Let's Encrypt gives, by ACME, and that are renewed in time: one for each name. Only for `tls` of listen. " +
			"The issuer must reach this machine under each name, on port 80 or 443.",
		Arguments: argumentsOf(acmeFields),
		surplus:   "write each name as a string, as in acme(\"example.com\", \"www.example.com\")"}
}

var acmeFields = slices.Concat([]field[plan.TLS]{
	{some("names", "str", "names of hosts, without `*`", "The names, each with a certificate of its own.", `"example.com"`, "domain", "domains", "hosts", "name", "server_name"), func(*call, *given, *plan.TLS) {}},
	{Argument{Name: "accept_terms", Type: "bool", Required: true, Keyword: true, Rule: "True",
		Doc: "That you have read the terms of the issuer, and accept them. For Let's Encrypt they are at https://letsencrypt.org/repository/.", Example: "accept_terms=True",
		aka: []string{"terms", "agree_tos", "accept_tos", "terms_agreed", "agreed", "agree", "tos"}}, setAcceptTerms},
	{Argument{Name: "email", Type: "str | None", Keyword: true, Default: "None",
		Doc: "Where the issuer can write to. Let's Encrypt needs none.", aka: []string{"mail", "contact"}}, setEmail},
	{Argument{Name: "directory_url", Type: "str", Keyword: true, Default: `"` + plan.LetsEncrypt + `"`, Rule: "begins with https://",
		Doc: "The issuer. For tests, use https://acme-staging-v02.api.letsencrypt.org/directory: it has wide limits, and browsers do not trust its certificates.",
		aka: []string{"directory", "server", "issuer", "acme_ca", "caserver", "ca_server"}}, setDirectory},
	{Argument{Name: "directory_ca", Type: "str | secret | None", Keyword: true, Default: "None", Rule: pemRule,
		Doc: "The authorities that have signed the certificate of the issuer's own server. None means those that this machine trusts.",
		aka: []string{"acme_ca_root", "ca_root", "ca_certificates", "trusted_roots"}}, setDirectoryCA},
	{Argument{Name: "storage", Type: "str | None", Keyword: true, Default: "None", Rule: pathRule,
		Doc: "The folder for keys, certificates and accounts, which several masters can share. None means `acme` in the state directory: that of systemd, or else /var/lib/ldcorn for root and ~/.local/state/ldcorn for others.",
		aka: []string{"cache", "cache_dir", "storage_dir", "data_dir", "dir", "path"}}, setStorage},
	{Argument{Name: "challenge", Type: "str | None", Choices: []string{string(plan.ChallengeHTTP), string(plan.ChallengeTLS)}, Keyword: true, Default: "None", Rule: `one of "http-01", "tls-alpn-01"`,
		Doc: "How the issuer checks the names: on port 80, or on port 443. None means that both take turns, as far as there are listeners for them.",
		aka: []string{"challenges", "challenge_type"}}, setChallenge},
	{Argument{Name: "profile", Type: "str | None", Keyword: true, Default: "None",
		Doc: "The kind of certificates, of those that the issuer offers, such as \"shortlived\". None leaves it to the issuer."}, setProfile},
	{Argument{Name: "eab", Type: "list[str | secret] | None", Keyword: true, Default: "None", Rule: `such as ["kid-1", secret("EAB_KEY")]`,
		Doc: "The ID and the key of an account that you have with the issuer (external account binding), if it demands one.",
		aka: []string{"external_account", "external_account_binding", "eab_key", "eab_kid", "eab_hmac_key"}}, setEAB},
}, tlsFields[2:])

func setAcceptTerms(c *call, g *given, _ *plan.TLS) {
	switch ok, err := value.Bool(g.value); {
	case err != nil:
		c.wrongValue(g, err)
	case !ok:
		c.wrongValue(g, value.Wrong("write True once you have read them", "must be True: an issuer gives no certificate without that"))
	}
}

// optional reads a string that can be None.
func optional(place func(*plan.TLS) *string, check func(string) error) func(*call, *given, *plan.TLS) {
	return func(c *call, g *given, t *plan.TLS) {
		if g.value == starlark.None {
			return
		}
		text, err := value.String(g.value)
		if err == nil {
			err = check(text)
		}
		if err != nil {
			c.wrongValue(g, err)
			return
		}
		*place(t) = text
	}
}

var (
	setEmail     = optional(func(t *plan.TLS) *string { return &t.ACME.Email }, checkEmail)
	setDirectory = optional(func(t *plan.TLS) *string { return &t.ACME.Directory }, checkDirectory)
	setProfile   = optional(func(t *plan.TLS) *string { return &t.ACME.Profile }, someText)
)

func someText(text string) error {
	if text == "" {
		return value.Wrong("write None, or omit the argument", "is empty")
	}
	return nil
}

func checkEmail(text string) error {
	if i := strings.IndexByte(text, '@'); i <= 0 || i == len(text)-1 || strings.ContainsAny(text, " ,<>?\r\n") {
		return value.Wrong(`write it as in "me@example.com"`, "must be one address, got %s", value.Quote(text))
	}
	return nil
}

func checkDirectory(text string) error {
	if u, err := url.Parse(text); err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return value.Wrong("write the address of the issuer's directory, as in "+plan.LetsEncrypt, "must begin with https://, got %s", value.Quote(text))
	}
	return nil
}

func setDirectoryCA(c *call, g *given, t *plan.TLS) {
	if g.value != starlark.None {
		setPEM(func(t *plan.TLS) *plan.Text { return &t.ACME.DirectoryCA })(c, g, t)
	}
}

func setStorage(c *call, g *given, t *plan.TLS) {
	optional(func(t *plan.TLS) *string { return &t.ACME.Storage }, someText)(c, g, t)
	if t.ACME.Storage != "" {
		t.ACME.Storage = c.session.absolute(t.ACME.Storage)
	}
}

func setChallenge(c *call, g *given, t *plan.TLS) {
	if g.value == starlark.None {
		return
	}
	if g.value == starlark.String("dns-01") {
		c.wrongValue(g, value.Wrong("use tls(…) with a certificate that you get elsewhere", `must be one of "http-01", "tls-alpn-01", got "dns-01"`))
		return
	}
	text, err := value.Choice(g.value, g.arg.Choices, diag.Near)
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	t.ACME.Challenge = plan.Challenge(text)
}

func setEAB(c *call, g *given, t *plan.TLS) {
	if g.value == starlark.None {
		return
	}
	pair, err := value.List(g.value, "texts")
	if err != nil || len(pair) != 2 {
		c.wrongValue(g, value.WrongType(`the ID and the key, such as ["kid-1", secret("EAB_KEY")]`, g.value, ""))
		return
	}
	for i, v := range pair {
		if value.IsUnset(v) {
			return
		}
		if i == 0 {
			if t.ACME.EABKeyID, err = value.String(v); err == nil {
				err = someText(t.ACME.EABKeyID)
			}
		} else {
			err = readEABKey(v, t)
		}
		if err != nil {
			c.wrongValue(g, &value.ElementError{Index: i, Err: err})
		}
	}
}

func readEABKey(v starlark.Value, t *plan.TLS) error {
	s, ok := v.(*value.Secret)
	if !ok {
		return value.WrongType("a secret", v, `write secret("NAME"), and set the environment variable NAME`)
	}
	key := strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(strings.TrimSpace(s.Reveal()), "="))
	if raw, err := base64.RawURLEncoding.DecodeString(key); err != nil || len(raw) == 0 {
		return value.Wrong("copy it as the issuer shows it", "is not a key in base64")
	}
	t.ACME.EABKey = plan.Secret(key)
	return nil
}

// readName reads the name of a certificate.
func readName(v starlark.Value) (string, error) {
	text, err := value.String(v)
	if err != nil {
		if l, ok := v.(*starlark.List); ok && l.Len() > 0 {
			err = value.WrongType("a string", v, "write * before the list")
		}
		return "", err
	}
	if _, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return "", value.Wrong("write the name that leads to this address", "must be a name, got the address %s", value.Quote(text))
	}
	if strings.HasPrefix(text, "*.") {
		return "", value.Wrong("write each name, or use tls(…) with a certificate that you get elsewhere", "is %s: only the DNS-01 challenge is for names with *, which ldcorn does not have", value.Quote(text))
	}
	name := strings.ToLower(strings.TrimSuffix(text, "."))
	if ascii, err := idna.Lookup.ToASCII(name); err == nil && ascii != name {
		return "", value.Wrong("write "+value.Quote(ascii), "must be in ASCII, got %s", value.Quote(text))
	}
	if !isName(name) {
		return "", value.Wrong(`write only the name, as in "example.com"`, "is not the name of a host: %s", value.Quote(text))
	}
	return name, nil
}

// isName reports whether a text is the name of a host (RFC 1123, section 2.1).
func isName(text string) bool {
	for label := range strings.SplitSeq(text, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return len(text) <= 253
}

// acme implements the word acme.
func (s *Session) acme(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	spec := plan.TLS{MinVersion: plan.TLS12, ACME: plan.ACME{Directory: plan.LetsEncrypt}}
	r := read(s, thread, b.Name(), acmeFields, args, kwargs, &spec)
	for _, g := range r.have {
		if value.IsUnset(g.value) {
			return g.value, nil
		}
	}
	r.needsCA(&spec)
	out := &ACME{opaque: "tls"}
	if g := r.have["names"]; g != nil {
		for i, v := range g.value.(starlark.Tuple) {
			if value.IsUnset(v) {
				return v, nil
			}
			name, err := readName(v)
			if err == nil && slices.ContainsFunc(out.specs, func(t plan.TLS) bool { return t.ACME.Name == name }) {
				err = value.Wrong("remove one of them", "is there twice: %s", value.Quote(name))
			}
			if err != nil {
				r.call.wrongValue(g, &value.ElementError{Index: i, Err: err})
				continue
			}
			spec.ACME.Name = name
			out.specs = append(out.specs, spec)
		}
	}
	out.bad, out.values = r.call.failed, spansOf(r.have)
	return out, r.end()
}
