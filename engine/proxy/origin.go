package proxy

import "net/netip"

// origin is a Request, as the request.Origin of the view of it.
type origin Request

// ClientIP returns the address of the client as the app sees it.
func (o *origin) ClientIP() netip.Addr { return (*Request)(o).sender().addr }

// Scheme returns the scheme that the client used.
func (o *origin) Scheme() string {
	return (*Request)(o).sender().scheme(o.by.forward.mode)
}

// RequestID returns the id of the request.
func (o *origin) RequestID() []byte { return o.id }
