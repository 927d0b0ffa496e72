package match

import "github.com/ldcorn/ldcorn/engine/head"

// UnseenHeader says why no app, and so no matcher and no key, ever sees a
// header with this name, or returns "".
func UnseenHeader(name string) string {
	switch kind := head.KindOf(name); {
	case kind == head.KindUpgrade:
		return "it concerns one connection only; write websocket()"
	case kind.OfConnection():
		return "it concerns one connection only"
	case kind == head.KindXForwardedFor, kind == head.KindXRealIP, kind == head.KindForwarded:
		return "ldcorn rewrites it; the client's address is client_ip(…), or by_client_ip()"
	case kind == head.KindXForwardedHost:
		return "ldcorn rewrites it; write host(…)"
	case kind == head.KindXForwarded:
		return "ldcorn removes what clients say about proxies; make the proxy in front use another name"
	case head.OfClientCert.Has(kind):
		return "ldcorn writes it, and removes what clients say about certificates"
	case head.Forwarding.Has(kind):
		return "ldcorn rewrites it"
	case head.IsToken(name) && head.IsOddName([]byte(name)):
		return "frameworks read it as another name, so that no route can depend on it; use letters, digits, dots and hyphens"
	}
	return ""
}
