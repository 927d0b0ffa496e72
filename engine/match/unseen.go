package match

import "github.com/ldcorn/ldcorn/engine/http1"

// UnseenHeader says why no app, and so no matcher and no key, ever sees a
// header with this name, or returns "".
func UnseenHeader(name string) string {
	switch kind := http1.KindOf(name); {
	case kind == http1.KindUpgrade:
		return "it concerns one connection only; write websocket()"
	case kind.OfConnection():
		return "it concerns one connection only"
	case kind == http1.KindXForwardedFor, kind == http1.KindXRealIP, kind == http1.KindForwarded:
		return "ldcorn rewrites it; the client's address is client_ip(…), or by_client_ip()"
	case kind == http1.KindXForwardedHost:
		return "ldcorn rewrites it; write host(…)"
	case kind == http1.KindXForwardedProto, kind == http1.KindXForwardedPort:
		return "ldcorn rewrites it"
	case kind == http1.KindXForwarded:
		return "ldcorn removes what clients say about proxies; make the proxy in front use another name"
	case http1.IsToken(name) && http1.IsOddName([]byte(name)):
		return "frameworks read it as another name, so that no route can depend on it; use letters, digits, dots and hyphens"
	}
	return ""
}
