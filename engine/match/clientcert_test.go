package match

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
)

type aCert struct {
	subject, fingerprint string
	names                []string
}

func (c *aCert) CertSubject() string     { return c.subject }
func (c *aCert) CertNames() []string     { return c.names }
func (c *aCert) CertFingerprint() string { return c.fingerprint }

type certified struct {
	Request
	cert Certificate
}

func (c certified) ClientCert() Certificate { return c.cert }

func TestClientCert(t *testing.T) {
	var me Request = certified{cert: &aCert{"CN=me", "ab", []string{"DNS:a", "URI:b"}}}
	list := func(s ...string) []string { return s }
	for _, tt := range []struct {
		m    Matcher
		text string
		why  string // "" if it matches
	}{
		{ClientCert(nil, nil, nil), `client_cert()`, ""},
		{ClientCert(list("CN=me"), nil, nil), `client_cert(subject="CN=me")`, ""},
		{ClientCert(list("CN=x", "CN=me"), list("URI:b"), list("ab")), `client_cert(subject=["CN=x", "CN=me"], san="URI:b", fingerprint="ab")`, ""},
		{ClientCert(list("CN=x"), nil, nil), `client_cert(subject="CN=x")`, `client_cert(subject="CN=x"): the subject is "CN=me"`},
		{ClientCert(nil, list("DNS:x"), nil), `client_cert(san="DNS:x")`, `client_cert(san="DNS:x"): the names are ["DNS:a" "URI:b"]`},
		{ClientCert(nil, nil, list("cd")), `client_cert(fingerprint="cd")`, `client_cert(fingerprint="cd"): the fingerprint is ab`},
	} {
		assert.Equal(t, tt.text, tt.m.String())
		assert.Equal(t, tt.why == "", tt.m.Match(me), tt.text)
		if tt.why != "" {
			assert.Equal(t, tt.why, tt.m.WhyNot(me))
		}
		for _, none := range []Request{certified{}, struct{ Request }{me}} {
			assert.False(t, tt.m.Match(none))
			assert.Equal(t, tt.text+": the client has shown no certificate", tt.m.WhyNot(none))
		}
		assert.Zero(t, testing.AllocsPerRun(10, func() { tt.m.Match(me) }))
	}
	c := NewComparer(context.Background())
	all, x, y, xy := ClientCert(nil, nil, nil), ClientCert(list("x"), nil, nil), ClientCert(list("y"), nil, nil), ClientCert(list("x", "y"), nil, nil)
	assert.True(t, x.within(c, all) && x.within(c, xy) && xy.within(c, all))
	assert.False(t, all.within(c, x) || xy.within(c, x) || y.within(c, x))
	assert.True(t, x.apart(c, y))
	assert.False(t, x.apart(c, xy) || x.apart(c, all))
	assert.False(t, ClientCert(nil, list("x"), nil).apart(c, ClientCert(nil, list("y"), nil)), "a certificate has several names")
}
