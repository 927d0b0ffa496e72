package engine

import (
	"log/slog"

	"github.com/ldcorn/ldcorn/engine/certs"
	"github.com/ldcorn/ldcorn/engine/refusallog"
	"github.com/ldcorn/ldcorn/engine/tlslayer"
)

// A clientLog logs the clients of a listener whose certificates are refused. Each reason
// has its own lines, so that strangers without a certificate do not hide a client whose
// certificate has expired.
type clientLog map[certs.RefusalReason]*refusallog.Log

func newClientLog(log *slog.Logger, addr string) clientLog {
	out := make(clientLog, len(certs.RefusalReasons))
	for _, reason := range certs.RefusalReasons {
		out[reason] = refusallog.New(log, addr)
	}
	return out
}

// note logs a handshake if it has failed because of the client's certificate, and
// returns the reason, or "".
func (l clientLog) note(r tlslayer.Result) certs.RefusalReason {
	why := certs.RefusalOf(r.Err)
	if why == nil {
		return ""
	}
	var facts []slog.Attr
	if why.Subject != "" {
		facts = append(facts, slog.String("subject", why.Subject))
	}
	if why.Issuer != "" {
		facts = append(facts, slog.String("issuer", why.Issuer))
	}
	l[why.Reason].Note(refusallog.Refusal{Peer: r.Peer, Reason: why.Text, Hint: why.Hint, Facts: facts})
	return why.Reason
}
