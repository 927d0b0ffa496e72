package worker

import (
	"context"
	"fmt"
	"net"
	"net/http"
)

// Check asks the worker for path, on a connection of its own, and returns nil
// if it answers with 2xx. It is no request of a client: no slot is claimed and
// nothing counts it. ctx bounds it, and its cause is the error when it is over.
func (p *Process) Check(ctx context.Context, path string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", "ldcorn-health")
	// Not a client: redirects are answers, and not what is wanted.
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", p.socket)
	}}
	resp, err := transport.RoundTrip(req)
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("GET %s: %w", path, context.Cause(ctx))
	case err != nil:
		return fmt.Errorf("GET %s: %w", path, err)
	}
	resp.Body.Close() // which ends the connection
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("GET %s: got status %d, want 2xx", path, resp.StatusCode)
	}
	return nil
}
