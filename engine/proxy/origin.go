package proxy

import (
	"net/netip"

	"github.com/ldcorn/ldcorn/engine/match"
)

// origin is a Request, as the request.Origin of the view of it.
type origin Request

// ClientIP returns the address of the client as the app sees it.
func (o *origin) ClientIP() netip.Addr { return (*Request)(o).sender().addr }

// Scheme returns the scheme that the client used.
func (o *origin) Scheme() string {
	return (*Request)(o).sender().scheme(o.by.forward.mode)
}

// ClientCert returns the certificate that the client has shown, or nil.
func (o *origin) ClientCert() match.Certificate {
	if s := (*Request)(o).client.Session(); s != nil && s.Client != nil {
		return s.Client
	}
	return nil
}

// RequestID returns the id of the request.
func (o *origin) RequestID() []byte { return o.id }
