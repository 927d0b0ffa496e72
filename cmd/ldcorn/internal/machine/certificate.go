package machine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/certs"
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// lookForCertificates looks at the certificates of the listeners: whether they can be
// used, will be for some time, and have the names that routes expect.
func lookForCertificates(res *config.Result) {
	var covered []plan.TLS
	at := -1
	lookForConflicts(res)
	lookForAddresses(res)
	said := make(map[plan.TLS]bool)
	for i := range res.Plan.Listeners {
		for j, t := range res.Plan.Listeners[i].TLS {
			if said[t] {
				continue
			}
			said[t] = true
			covered, at = append(covered, t), i
			check := certs.Check
			if t.ACME.Name != "" {
				lookForIssuance(res, i, j, t.ACME)
				check = certs.CheckCA
			}
			for _, wrong := range check(t, time.Now()) {
				res.Report.Add(certificateDiagnostic(res, i, j, wrong))
			}
		}
	}
	if at < 0 {
		return
	}
	lookForPorts(res)
	if missing := certs.Uncovered(covered, hostsOf(res.Plan)); len(missing) > 0 {
		res.Report.Add(diag.Diagnostic{Code: Code, Severity: diag.Warning, Span: res.ListenerArgument(at, "tls"),
			Message: "no certificate has the name " + strings.Join(missing, ", ") + ", which routes expect",
			Hint:    "add a tls(…) with such a certificate, unless clients reach the name on another listener"})
	}
}

// The codes of certificates.
const (
	codeUnusable  = "L048" // files that are there and that no machine can use
	codeConflict  = "W124" // of which clients of a name get only one
	codeUnreached = "W126" // for an address, and not the first of its listener
)

// lookForAddresses looks for certificates for addresses that clients do not get.
func lookForAddresses(res *config.Result) {
	for i := range res.Plan.Listeners {
		all := res.Plan.Listeners[i].TLS
		for j := range all {
			if addresses := certs.Unreached(all, j); len(addresses) > 0 {
				res.Report.Add(diag.Diagnostic{Code: codeUnreached, Severity: diag.Warning, Span: res.ListenerTLS(i, j), Label: "put this one first",
					Message: "no client that connects to " + strings.Join(addresses, ", ") + " gets the certificate with that name: it asks for no name, and so gets the first certificate of the listener",
					Related: []diag.Related{{Span: res.ListenerTLS(i, 0), Label: "this one is the first"}}})
			}
		}
	}
}

// lookForConflicts looks for certificates of a listener that have the same names and
// demand different things of clients.
func lookForConflicts(res *config.Result) {
	for i := range res.Plan.Listeners {
		all := res.Plan.Listeners[i].TLS
		for _, c := range certs.Conflicts(all) {
			what, hint := c.Explain(all)
			res.Report.Add(diag.Diagnostic{Code: codeConflict, Severity: diag.Warning, Message: what, Hint: hint,
				Span: res.ListenerTLS(i, c.Unused), Label: "this one is not used for the name",
				Related: []diag.Related{{Span: res.ListenerTLS(i, c.Used), Label: "this one is used"}}})
		}
	}
}

// certificateDiagnostic describes what is wrong with a certificate. It is an error if
// the files are there and no machine can use them.
func certificateDiagnostic(res *config.Result, listener, at int, wrong *certs.Error) diag.Diagnostic {
	code, severity := Code, diag.Warning // people check a configuration on machines that lack its files
	if wrong.IsBroken() {
		code, severity = codeUnusable, diag.Error
	}
	return diag.Diagnostic{Code: code, Severity: severity, Span: res.ListenerTLSArgument(listener, at, wrong.Argument), ByMaster: wrong.ByKeeper(),
		Message: fmt.Sprintf("`%s` of tls: %v", wrong.Argument, wrong.Err), Hint: wrong.Hint}
}

// hostsOf returns the hosts that the routes of a plan name, each once.
func hostsOf(p *plan.Plan) (hosts []string) {
	for _, g := range p.Groups {
		for i := range g.Routes {
			hosts = append(hosts, match.Hosts(g.Routes[i].Matcher)...)
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}
