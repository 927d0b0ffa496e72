package metrics

import (
	"crypto/tls"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/certs"
	"github.com/ldcorn/ldcorn/engine/tlslayer"
)

func someTLS() *TLS {
	m := NewTLS(func() []api.Certificate {
		return []api.Certificate{
			{Names: []string{"a.example", "b.example"}, From: "/a.pem", NotAfter: time.Unix(2_000_000_000, 0), Problems: []api.CertificateProblem{api.CertificateNamesLost}},
			{Names: []string{"a.example"}, From: "/a.pem", NotAfter: time.Unix(2_000_000_000, 0)},
			{Subject: "CN=\xff", From: "the configuration", NotAfter: time.Unix(1_000_000_000, 0), Error: "broken", Problems: []api.CertificateProblem{api.CertificateExpired}},
			{Names: []string{"new.example"}, From: "https://ca.test/dir"}, // none was issued yet
		}
	})
	for _, r := range []tlslayer.Result{
		{Session: &tlslayer.Session{Version: tls.VersionTLS13}}, {Session: &tlslayer.Session{Version: tls.VersionTLS13}},
		{Session: &tlslayer.Session{Version: tls.VersionTLS12, Resumed: true}},
		{Err: tlslayer.ErrGone}, {Err: tlslayer.ErrLate}, {Err: fmt.Errorf("early: %w", tlslayer.ErrPlainHTTP)}, {Err: errors.New("no suite")},
	} {
		m.Observe(r, "")
	}
	m.Observe(tlslayer.Result{Err: errors.New("no certificate")}, certs.RefusedMissing)
	return m
}

func TestTLS(t *testing.T) {
	compare(t, someTLS(), `
# HELP ldcorn_tls_certificate_expiry_seconds When a certificate of a listener expires, as a Unix time.
# TYPE ldcorn_tls_certificate_expiry_seconds gauge
ldcorn_tls_certificate_expiry_seconds{from="/a.pem",name="a.example"} 2e+09
ldcorn_tls_certificate_expiry_seconds{from="the configuration",name="CN=?"} 1e+09
# HELP ldcorn_tls_certificate_problem 1 if the certificate in use has a problem: it has expired, expires soon, is not valid yet, or lacks names of the one before; or an authority of clients has such a problem.
# TYPE ldcorn_tls_certificate_problem gauge
ldcorn_tls_certificate_problem{from="/a.pem",name="a.example",problem="authority_expired"} 0
ldcorn_tls_certificate_problem{from="/a.pem",name="a.example",problem="authority_expires_soon"} 0
ldcorn_tls_certificate_problem{from="/a.pem",name="a.example",problem="authority_not_yet_valid"} 0
ldcorn_tls_certificate_problem{from="/a.pem",name="a.example",problem="expired"} 0
ldcorn_tls_certificate_problem{from="/a.pem",name="a.example",problem="expires_soon"} 0
ldcorn_tls_certificate_problem{from="/a.pem",name="a.example",problem="names_lost"} 1
ldcorn_tls_certificate_problem{from="/a.pem",name="a.example",problem="not_yet_valid"} 0
ldcorn_tls_certificate_problem{from="the configuration",name="CN=?",problem="authority_expired"} 0
ldcorn_tls_certificate_problem{from="the configuration",name="CN=?",problem="authority_expires_soon"} 0
ldcorn_tls_certificate_problem{from="the configuration",name="CN=?",problem="authority_not_yet_valid"} 0
ldcorn_tls_certificate_problem{from="the configuration",name="CN=?",problem="expired"} 1
ldcorn_tls_certificate_problem{from="the configuration",name="CN=?",problem="expires_soon"} 0
ldcorn_tls_certificate_problem{from="the configuration",name="CN=?",problem="names_lost"} 0
ldcorn_tls_certificate_problem{from="the configuration",name="CN=?",problem="not_yet_valid"} 0
# HELP ldcorn_tls_certificate_stale 1 if the files of a certificate cannot be used now, or none was issued, so that the one before stays.
# TYPE ldcorn_tls_certificate_stale gauge
ldcorn_tls_certificate_stale{from="/a.pem",name="a.example"} 0
ldcorn_tls_certificate_stale{from="https://ca.test/dir",name="new.example"} 1
ldcorn_tls_certificate_stale{from="the configuration",name="CN=?"} 1
# HELP ldcorn_tls_client_certificate_refusals_total TLS handshakes that failed because of the client's certificate, by reason.
# TYPE ldcorn_tls_client_certificate_refusals_total counter
ldcorn_tls_client_certificate_refusals_total{reason="expired"} 0
ldcorn_tls_client_certificate_refusals_total{reason="missing"} 1
ldcorn_tls_client_certificate_refusals_total{reason="not_yet_valid"} 0
ldcorn_tls_client_certificate_refusals_total{reason="other"} 0
ldcorn_tls_client_certificate_refusals_total{reason="unknown_authority"} 0
# HELP ldcorn_tls_handshakes_total TLS handshakes of clients, by result and version.
# TYPE ldcorn_tls_handshakes_total counter
ldcorn_tls_handshakes_total{result="failed",version=""} 2
ldcorn_tls_handshakes_total{result="full",version="1.3"} 2
ldcorn_tls_handshakes_total{result="gone",version=""} 1
ldcorn_tls_handshakes_total{result="late",version=""} 1
ldcorn_tls_handshakes_total{result="not_tls",version=""} 1
ldcorn_tls_handshakes_total{result="resumed",version="1.2"} 1
`)
}
