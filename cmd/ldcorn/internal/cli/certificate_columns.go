package cli

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// certificateColumns returns the table of the certificates.
func certificateColumns(st *api.Status) []column {
	columns := []column{{name: "CERTIFICATE"}, {name: "EXPIRES"}, {name: "ISSUER", drop: 2}, {name: "FROM", drop: 1}, {name: "STATE", drop: 3}}
	for i := range st.Certificates {
		c := &st.Certificates[i]
		names := strings.Join(c.Names, ",")
		if names == "" {
			names = c.Subject
		}
		if slices.ContainsFunc(st.Certificates[:i], func(o api.Certificate) bool {
			return o.From == c.From && o.Fingerprint == c.Fingerprint && slices.Equal(o.Names, c.Names) && certificateState(&o, st.Now) == certificateState(c, st.Now)
		}) {
			continue // two with other demands on clients
		}
		addRow(columns, visible.Cut(visible.String(names), maxNames), expiry(c.NotAfter, st.Now), visible.Cut(visible.String(c.Issuer), maxNames), visible.String(c.From), visible.String(certificateState(c, st.Now)))
	}
	return columns
}

// maxNames is how many bytes of a list of names a row shows.
const maxNames = 60

// certificateState says how a certificate is doing.
func certificateState(c *api.Certificate, now time.Time) string {
	switch a := c.ACME; {
	case a == nil && c.Error == "":
		return cmp.Or(problemsText(c), "ok")
	case a == nil:
		return joinState(problemsText(c), "cannot be read again: "+c.Error)
	case c.Error != "":
		again := ""
		if a.TryAt != nil && a.TryAt.After(now) {
			again = ", next try in " + control.Age(a.TryAt.Sub(now))
		}
		if a.State == api.ACMEPending {
			return "none yet" + again + ": " + c.Error
		}
		return joinState(problemsText(c), "not renewed"+again+": "+c.Error)
	case a.State == api.ACMEPending:
		return "requested"
	}
	return cmp.Or(problemsText(c), "ok")
}

func joinState(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}

// problemsText says what is wrong with a certificate in use; "" if nothing is.
func problemsText(c *api.Certificate) (text string) {
	for _, p := range c.Problems {
		what := strings.ReplaceAll(string(p), "_", " ")
		if p == api.CertificateNamesLost {
			what = "no longer for " + visible.Cut(strings.Join(c.Lost, ","), maxNames)
		}
		text = joinState(text, what)
	}
	return text
}

// expiry says when a certificate expires, or expired.
func expiry(at, now time.Time) string {
	if at.IsZero() {
		return "-"
	}
	if left := at.Sub(now); left >= 0 {
		return "in " + control.Age(left)
	}
	return control.Age(now.Sub(at)) + " ago"
}
