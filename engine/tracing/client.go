package tracing

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/visible"
)

// maxError is how many bytes of an error the log has: a collector can answer with a page.
const maxError = 300

// newClient returns the client of an exporter. It follows no redirect: the headers, which
// may be secret, are only for the address in the configuration.
func newClient() *http.Client {
	return &http.Client{
		Timeout: exportLimit,
		CheckRedirect: func(to *http.Request, _ []*http.Request) error {
			return fmt.Errorf("redirects are not followed: write the address where this one leads, %s", to.URL.Redacted())
		},
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: new(net.Dialer).DialContext, ForceAttemptHTTP2: true,
			MaxIdleConnsPerHost: 1, IdleConnTimeout: 90 * time.Second,
		},
	}
}

// discreet returns an error without the secrets of the headers, which a collector can
// repeat, and not longer than maxError.
func (e *exporter) discreet(err error) string {
	text := err.Error()
	for _, secret := range e.secrets() {
		text = strings.ReplaceAll(text, secret, "(secret)")
	}
	return visible.Cut(text, maxError)
}

// secrets returns what must not be shown, the longest first: the secret values, their
// words, such as the token after "Bearer", and both as URLs have them.
func (e *exporter) secrets() (out []string) {
	for _, h := range e.settings.Headers {
		if !h.Value.IsSecret() {
			continue
		}
		value := h.Value.Reveal()
		for _, part := range append(strings.Fields(value), value) {
			if len(part) < 4 || strings.EqualFold(part, "bearer") || strings.EqualFold(part, "basic") { // says nothing
				continue
			}
			out = append(out, part, url.QueryEscape(part), url.PathEscape(part))
		}
	}
	slices.SortFunc(out, func(a, b string) int { return len(b) - len(a) })
	return out
}
