package proxy

import "github.com/ldcorn/ldcorn/engine/http1"

// nameHost gives a request that names no host, as those of HTTP/1.0 may, the
// address that it came to. An app that gets none, or an empty one, answers 400
// or builds URLs without a host; routes see what the app sees.
func (x *exchange) nameHost() {
	if len(x.req.Host) > 0 {
		return
	}
	x.ownHost = x.ownHost[:0]
	at := x.c.Local()
	switch ip := at.Addr().WithZone(""); {
	case !ip.IsValid():
		x.ownHost = append(x.ownHost, "localhost"...) // a unix socket
	case ip.Is4():
		x.ownHost = ip.AppendTo(x.ownHost)
	default:
		x.ownHost = append(ip.AppendTo(append(x.ownHost, '[')), ']')
	}
	if port := at.Port(); port != 0 && port != httpPort {
		x.ownHost = http1.AppendInt(append(x.ownHost, ':'), int64(port))
	}
	x.req.Host = x.ownHost
}

const httpPort = 80 // that a host does not name
