package engine

import (
	"errors"
	"log/slog"

	"github.com/ldcorn/ldcorn/engine/certs"
	"github.com/ldcorn/ldcorn/engine/refusallog"
	"github.com/ldcorn/ldcorn/engine/tlslayer"
)

// A clientLog logs the clients of a listener with TLS whose certificates are refused, or
// that do not speak TLS. Each reason has its own lines, so that strangers without a
// certificate do not hide a client whose certificate has expired.
type clientLog struct {
	refused map[certs.RefusalReason]*refusallog.Log
	plain   *refusallog.Rare // HTTP without TLS
	proxy   *refusallog.Rare // a header of the PROXY protocol
}

func newClientLog(log *slog.Logger, addr string) clientLog {
	out := clientLog{make(map[certs.RefusalReason]*refusallog.Log, len(certs.RefusalReasons)), refusallog.NewRare(log, addr), refusallog.NewRare(log, addr)}
	for _, reason := range certs.RefusalReasons {
		out.refused[reason] = refusallog.New(log, addr)
	}
	return out
}

// note logs a handshake if it has failed because of the client's certificate, and
// returns the reason, or "". It also logs clients that speak something else.
func (l clientLog) note(r tlslayer.Result) certs.RefusalReason {
	switch {
	case errors.Is(r.Err, tlslayer.ErrPlainHTTP):
		l.plain.Note(refusallog.Refusal{Peer: r.Peer, Reason: "the client speaks HTTP without TLS, but this listener has tls", Hint: "the client must use https://; a proxy in front must use TLS to this port"})
	case errors.Is(r.Err, tlslayer.ErrProxyHeader):
		l.proxy.Note(refusallog.Refusal{Peer: r.Peer, Reason: r.Err.Error(), Hint: "if it is your load balancer, add proxy_protocol=True to the listener, and its address to trusted_proxies"})
	}
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
	l.refused[why.Reason].Note(refusallog.Refusal{Peer: r.Peer, Reason: why.Text, Hint: why.Hint, Facts: facts})
	return why.Reason
}
