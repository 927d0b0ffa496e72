package proxy

import "github.com/ldcorn/ldcorn/engine/http1"

// nameHost gives a request that names no host, as those of HTTP/1.0 may, the
// address that it came to. An app that gets none, or an empty one, answers 400
// or builds URLs without a host; routes see what the app sees.
func (c *http1Client) nameHost() {
	if len(c.head.Host) > 0 {
		return
	}
	c.ownHost = c.ownHost[:0]
	at := c.c.Local()
	switch ip := at.Addr().WithZone(""); {
	case !ip.IsValid():
		c.ownHost = append(c.ownHost, "localhost"...) // a unix socket
	case ip.Is4():
		c.ownHost = ip.AppendTo(c.ownHost)
	default:
		c.ownHost = append(ip.AppendTo(append(c.ownHost, '[')), ']')
	}
	if port := at.Port(); port != 0 && port != httpPort {
		c.ownHost = http1.AppendInt(append(c.ownHost, ':'), int64(port))
	}
	c.head.Host = c.ownHost
}

const httpPort = 80 // that a host does not name
