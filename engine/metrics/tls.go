package metrics

import (
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/certs"
	"github.com/ldcorn/ldcorn/engine/tlslayer"
)

// A TLS collects certificates and the results of handshakes.
type TLS struct {
	certificates func() []api.Certificate

	mu         sync.Mutex // guards the fields below
	handshakes map[handshake]uint64
	refused    map[certs.RefusalReason]uint64
}

// A handshake is a kind of result. Both texts are from short lists.
type handshake struct{ result, version string }

// NewTLS returns a collector of what certificates returns.
func NewTLS(certificates func() []api.Certificate) *TLS {
	return &TLS{certificates: certificates, handshakes: make(map[handshake]uint64), refused: make(map[certs.RefusalReason]uint64)}
}

// Observe counts a handshake, which has failed because of the client's certificate if
// refused is not "". It is safe to call from any goroutine.
func (t *TLS) Observe(r tlslayer.Result, refused certs.RefusalReason) {
	h := handshake{result: r.Outcome()}
	if r.Session != nil {
		h.version = tlslayer.VersionName(r.Session.Version)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.handshakes[h]++
	if refused != "" {
		t.refused[refused]++
	}
}

var (
	certificateExpiryDesc = desc("tls_certificate_expiry_seconds", "When a certificate of a listener expires, as a Unix time.", "name", "from")
	certificateFaultDesc  = desc("tls_certificate_stale", "1 if the files of a certificate cannot be used now, or none was issued, so that the one before stays.", "name", "from")
	certificateWrongDesc  = desc("tls_certificate_problem", "1 if the certificate in use has a problem: it has expired, expires soon, is not valid yet, or lacks names of the one before; or an authority of clients has such a problem.", "name", "from", "problem")
	clientRefusedDesc     = desc("tls_client_certificate_refusals_total", "TLS handshakes that failed because of the client's certificate, by reason.", "reason")
	handshakesDesc        = desc("tls_handshakes_total", "TLS handshakes of clients, by result and version.", "result", "version")
)

// Describe implements prometheus.Collector.
func (t *TLS) Describe(out chan<- *prometheus.Desc) {
	out <- certificateExpiryDesc
	out <- certificateFaultDesc
	out <- certificateWrongDesc
	out <- clientRefusedDesc
	out <- handshakesDesc
}

// Collect implements prometheus.Collector.
func (t *TLS) Collect(out chan<- prometheus.Metric) {
	type series struct{ name, from string }
	told := make(map[series]bool)
	for _, c := range t.certificates() {
		s := series{c.Subject, c.From}
		if len(c.Names) > 0 {
			s.name = c.Names[0]
		}
		if told[s] { // two with other settings
			continue
		}
		told[s] = true
		s.name, s.from = strings.ToValidUTF8(s.name, "?"), strings.ToValidUTF8(s.from, "?")
		if !c.NotAfter.IsZero() { // otherwise none was issued yet
			out <- gauge(certificateExpiryDesc, float64(c.NotAfter.Unix()), s.name, s.from)
		}
		out <- gauge(certificateFaultDesc, flag(c.Error != "" || c.NotAfter.IsZero()), s.name, s.from)
		for _, problem := range api.CertificateProblems {
			if c.NotAfter.IsZero() {
				break
			}
			out <- gauge(certificateWrongDesc, flag(slices.Contains(c.Problems, problem)), s.name, s.from, string(problem))
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for h, n := range t.handshakes {
		out <- counter(handshakesDesc, n, h.result, h.version)
	}
	for _, reason := range certs.RefusalReasons {
		out <- counter(clientRefusedDesc, t.refused[reason], string(reason))
	}
}
