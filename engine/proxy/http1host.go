package proxy

import "github.com/ldcorn/ldcorn/engine/http1"

// nameHost sets the host of a request that names none, which HTTP/1.0 allows, to the
// address that it came to. Without a host, an app would answer 400 or build URLs
// without one. Routes see the same host as the app.
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

const httpPort = 80 // the port that a host leaves out
