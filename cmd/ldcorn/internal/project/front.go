package project

import (
	"path"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// A Front is what a server says about TLS and the proxies in front of it. Paths are as
// they stand there, perhaps with a variable of the shell.
type Front struct {
	Cert, Key, CA string
	Encrypted     bool   // the key has a passphrase
	CertReqs      string // whether clients must show certificates: "0", "1", "2", or a name of the module ssl
	Proxies       string // addresses with commas between them, or "*"
	ProxyProtocol bool
}

// frontOptions are the options of servers, by what they say. They mean the same in
// Uvicorn, Gunicorn, Hypercorn and Granian as far as these have them.
var frontOptions = map[string]func(*Front) *string{
	"--ssl-certfile": (*Front).cert, "--certfile": (*Front).cert, "--ssl-certificate": (*Front).cert,
	"--ssl-keyfile": (*Front).key, "--keyfile": (*Front).key,
	"--ssl-ca-certs": (*Front).ca, "--ca-certs": (*Front).ca, "--ssl-ca": (*Front).ca,
	"--ssl-cert-reqs": (*Front).reqs, "--cert-reqs": (*Front).reqs,
	"--forwarded-allow-ips": (*Front).proxies,
}

func (f *Front) cert() *string    { return &f.Cert }
func (f *Front) key() *string     { return &f.Key }
func (f *Front) ca() *string      { return &f.CA }
func (f *Front) reqs() *string    { return &f.CertReqs }
func (f *Front) proxies() *string { return &f.Proxies }

// frontOf reads the settings of a Python file, which value finds by the names that
// Gunicorn gives them, with prefix before those of TLS.
func (m *module) frontOf(prefix string, value func(name string) *pyast.Node) (f Front) {
	text := func(name string) string {
		s, _ := m.literal(value(name))
		return s
	}
	f.Cert, f.Key, f.CA = text(prefix+"certfile"), text(prefix+"keyfile"), text(prefix+"ca_certs")
	f.Proxies = text("forwarded_allow_ips")
	if n := value(prefix + "cert_reqs"); n != nil {
		f.CertReqs = m.plain(n)
	}
	if n := value(prefix + "keyfile_password"); n != nil {
		f.Encrypted = m.text(n) != "None"
	}
	if n := value("proxy_protocol"); n != nil {
		f.ProxyProtocol = m.text(n) == "True"
	}
	return f
}

// clientAuth returns what client_auth is here: "require", "request", or "" if clients are
// not asked.
func (f *Front) clientAuth() string {
	switch reqs := f.CertReqs[strings.LastIndexByte(f.CertReqs, '.')+1:]; {
	case f.CA == "":
		return ""
	case reqs == "2" || reqs == "CERT_REQUIRED":
		return "require"
	case reqs == "1" || reqs == "CERT_OPTIONAL":
		return "request"
	}
	return ""
}

// tls returns the value of tls= for a server that runs in a folder, or "".
func (f *Front) tls(folder string) string {
	if f.Cert == "" {
		return ""
	}
	file := func(p string) string {
		if !path.IsAbs(p) && !strings.HasPrefix(p, "$") {
			p = path.Join(folder, p)
		}
		return textOf(p)
	}
	out := "tls(" + file(f.Cert)
	if f.Key != "" && f.Key != f.Cert {
		out += ", key = " + file(f.Key)
	}
	if auth := f.clientAuth(); auth != "" {
		out += ", client_ca = " + file(f.CA)
		if auth == "request" {
			out += `, client_auth = "request"`
		}
	}
	return out + ")"
}

// trusted returns the value of trusted_proxies=, or "" if the server trusts only what
// ldcorn trusts without it.
func (f *Front) trusted() string {
	if f.Proxies == "" && f.ProxyProtocol {
		return `["127.0.0.1"]` // as Gunicorn has it
	}
	if f.Proxies == "" || strings.Contains(f.Proxies, "$") {
		return ""
	}
	var out []string
	for p := range strings.SplitSeq(f.Proxies, ",") {
		switch p = strings.TrimSpace(p); p {
		case "":
		case "*":
			out = append(out, `"0.0.0.0/0"`, `"::/0"`)
		default:
			out = append(out, quoted(p))
		}
	}
	if len(out) == 0 {
		return ""
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// textOf returns a text with at most one variable of the shell as an expression.
func textOf(text string) string {
	before, name, found := strings.Cut(text, "$")
	if !found {
		return quoted(text)
	}
	rest := ""
	if braced, ok := strings.CutPrefix(name, "{"); ok {
		name, rest, _ = strings.Cut(braced, "}")
	} else if i := strings.IndexFunc(name, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}); i >= 0 {
		name, rest = name[:i], name[i:]
	}
	name, fallback, given := strings.Cut(name, ":-")
	out := "env(" + quoted(name) + ")"
	if given {
		out = "env(" + quoted(name) + ", " + quoted(fallback) + ")"
	}
	if before != "" {
		out = quoted(before) + " + " + out
	}
	if rest != "" {
		out += " + " + quoted(rest)
	}
	return out
}
