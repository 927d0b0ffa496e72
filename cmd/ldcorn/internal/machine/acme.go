package machine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/engine/acme"
	"github.com/ldcorn/ldcorn/engine/certs"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// lookForIssuance looks whether an issuer can give a certificate for a name, and
// whether it can be stored on this machine. It asks no issuer.
func lookForIssuance(res *config.Result, listener, at int, a plan.ACME) {
	warn := func(message, hint string) {
		res.Report.Add(diag.Diagnostic{Code: Code, Severity: diag.Warning, Span: res.ListenerArgument(listener, "tls"), Message: message, Hint: hint})
	}
	if why := plan.Unissued(a.Name); why != "" && a.Directory == plan.LetsEncrypt {
		warn(fmt.Sprintf("Let's Encrypt gives no certificate for %s: %s", a.Name, why), "write the public name of this machine, or use tls(…) with a certificate of your own")
	}
	if a.DirectoryCA.Reveal() != "" {
		_, err := certs.LoadRoots("directory_ca", a.DirectoryCA)
		if wrong := (*certs.Error)(nil); errors.As(err, &wrong) {
			d := certificateDiagnostic(res, listener, at, wrong)
			d.Message = strings.Replace(d.Message, "of tls", "of acme", 1)
			res.Report.Add(d)
		}
	}
	root, err := acme.Root(a)
	if err == nil {
		err = acme.CheckRoot(root)
	}
	warnAt(res, res.ListenerArgument(listener, "tls"), "the master cannot start on this machine", err)
}

// lookForPorts warns if no listener has a port to which issuers come.
func lookForPorts(res *config.Result) {
	at, wanted := -1, plan.ChallengeAny
	answered := make(map[plan.Challenge]bool)
	for i := range res.Plan.Listeners {
		l := &res.Plan.Listeners[i]
		if j := slices.IndexFunc(l.TLS, func(t plan.TLS) bool { return t.ACME.Name != "" }); j >= 0 && at < 0 {
			at, wanted = i, l.TLS[j].ACME.Challenge
		}
		unknown := l.Bind.Network != "tcp" // who passes a socket knows its port
		if len(l.TLS) == 0 && (unknown || strings.HasSuffix(l.Bind.Address, ":80")) {
			answered[plan.ChallengeHTTP] = true
		}
		if len(l.TLS) > 0 && (unknown || strings.HasSuffix(l.Bind.Address, ":443")) {
			answered[plan.ChallengeTLS] = true
		}
	}
	if at < 0 || wanted == plan.ChallengeAny && len(answered) > 0 || answered[wanted] {
		return
	}
	message, hint := "no listener is on port 80 or 443, to which issuers come", `add listen("0.0.0.0:80", redirect_https=True), unless something leads these ports here`
	switch wanted {
	case plan.ChallengeHTTP:
		message = "no listener without TLS is on port 80, to which issuers come for http-01"
	case plan.ChallengeTLS:
		message, hint = "no listener with TLS is on port 443, to which issuers come for tls-alpn-01", "use port 443, unless something leads it here"
	}
	res.Report.Add(diag.Diagnostic{Code: Code, Severity: diag.Warning, Span: res.ListenerArgument(at, "tls"), Message: message, Hint: hint})
}
