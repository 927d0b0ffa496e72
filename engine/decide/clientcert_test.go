package decide_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestAnswer_ClientCert: a client with a certificate has come by a listener that asks
// for certificates.
func TestAnswer_ClientCert(t *testing.T) {
	bind := func(text string) plan.Bind {
		b, err := plan.ParseBind(text)
		require.NoError(t, err)
		return b
	}
	anyone, err := plan.NewRoute("*", plan.Pos{})
	require.NoError(t, err)
	p := &plan.Plan{
		Groups: []*plan.Group{
			{Name: "web", Routes: []plan.Route{anyone}},
			{Name: "mine", Routes: []plan.Route{{Matcher: match.ClientCert([]string{"CN=me"}, nil, nil)}}},
		},
		Listeners: []plan.Listener{
			{Bind: bind("127.0.0.1:80")},
			{Bind: bind("127.0.0.1:443"), TLS: []plan.TLS{{}, {ClientAuth: plan.ClientAuthRequest}}},
		},
	}
	x := decide.NewExplainer(p)
	got, err := x.Answer(api.Question{Line: "/"})
	require.NoError(t, err)
	assert.Equal(t, "web 127.0.0.1:80", got.Group+" "+got.Listener)
	got, err = x.Answer(api.Question{Line: "/", ClientCert: &api.ClientCert{Subject: "CN=me", SAN: []string{"DNS:me"}, Fingerprint: strings.Repeat("0", 64)}})
	require.NoError(t, err)
	assert.Equal(t, "mine 127.0.0.1:443", got.Group+" "+got.Listener)
	for want, q := range map[string]api.Question{
		`client_cert: the subject "me" has no attribute such as CN=; write "CN=me"`:            {ClientCert: &api.ClientCert{Subject: "me"}},
		"the listener 127.0.0.1:80 asks no client for a certificate: its tls has no client_ca": {Listener: "127.0.0.1:80", ClientCert: &api.ClientCert{}},
		`the configuration has no listener "127.0.0.1:81"; it has 127.0.0.1:80, 127.0.0.1:443`: {Listener: "127.0.0.1:81", ClientCert: &api.ClientCert{}},
	} {
		q.Line = "/"
		_, err := x.Answer(q)
		assert.EqualError(t, err, want)
	}
	p.Listeners = p.Listeners[:1]
	_, err = x.Answer(api.Question{Line: "/", ClientCert: &api.ClientCert{}})
	assert.EqualError(t, err, "no listener asks clients for certificates: no tls of the configuration has client_ca")
}
