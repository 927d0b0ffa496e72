package worker

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// Health is what a worker is asked for to see whether it works.
type Health struct {
	Path    string
	Headers []plan.HeaderEdit // to those of DefaultHealth
}

// HealthOf is what the workers of a group are asked for.
func HealthOf(p *plan.Group) Health { return Health{p.HealthPath, p.HealthHeaders} }

// Equal reports whether two ask for the same.
func (h Health) Equal(other Health) bool {
	return h.Path == other.Path && slices.Equal(h.Headers, other.Headers)
}

// What a health check sends where Headers say nothing else.
const (
	defaultHost      = "localhost"
	defaultUserAgent = "ldcorn-health"
)

// maxLocation is how much of where an answer redirects to is shown.
const maxLocation = 200 // bytes

// Check asks the worker for its health, on a connection of its own, and returns
// nil if it answers with 2xx. It is no request of a client: no slot is claimed
// and nothing counts it. ctx bounds it, and its cause is the error when it is
// over. The error says what was sent, without secrets, and what came.
func (p *Process) Check(ctx context.Context, h Health) error {
	if err := p.check(ctx, h); err != nil {
		return fmt.Errorf("GET %s: %w (sent %s)", h.Path, err, strings.Join(h.sent(), ", "))
	}
	return nil
}

func (p *Process) check(ctx context.Context, h Health) error {
	req, err := h.request(ctx)
	if err != nil {
		return err
	}
	// Not a client: redirects are answers, and not what is wanted.
	transport := &http.Transport{
		DisableKeepAlives: true, DisableCompression: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", p.socket)
		},
	}
	resp, err := transport.RoundTrip(req)
	switch {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return err
	}
	resp.Body.Close() // which ends the connection
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return h.refused(resp)
	}
	return nil
}

// request makes the request that is sent.
func (h Health) request(ctx context.Context) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+defaultHost+h.Path, nil)
	if err != nil {
		return nil, err
	}
	// As written: Header's methods would change the names.
	header := http.Header{"User-Agent": {defaultUserAgent}}
	for _, e := range h.Headers {
		if e.Lower() == "host" {
			req.Host = e.Value.Reveal()
			continue
		}
		if e.Replaces() {
			for name := range header {
				if strings.EqualFold(name, e.Name) {
					delete(header, name)
				}
			}
		}
		if e.Writes() {
			name := e.Name
			if e.Lower() == "user-agent" {
				name = "User-Agent" // the one that the transport looks for
			}
			header[name] = append(header[name], e.Value.Reveal())
		}
	}
	if _, has := header["User-Agent"]; !has {
		header["User-Agent"] = nil // or the transport writes its own
	}
	req.Header = header
	return req, nil
}

// sent shows the headers of the request: the defaults that still hold, and
// what the edits write.
func (h Health) sent() []string {
	out := []string{"Host: " + defaultHost, "User-Agent: " + defaultUserAgent}
	for _, e := range h.Headers {
		if e.Replaces() {
			out = slices.DeleteFunc(out, func(line string) bool {
				name, _, _ := strings.Cut(line, ":")
				return strings.EqualFold(name, e.Name)
			})
		}
		if e.Writes() {
			out = append(out, e.Name+": "+e.Value.String())
		}
	}
	return out
}

// refused says what came, and what many apps want.
func (h Health) refused(resp *http.Response) error {
	came := fmt.Sprintf("got status %d", resp.StatusCode)
	location := resp.Header.Get("Location")
	if location != "" {
		if len(location) > maxLocation {
			location = location[:maxLocation] + "…"
		}
		came += " to " + strconv.Quote(location)
	}
	hint := ""
	switch {
	case strings.HasPrefix(location, "https:") && !h.writes("x-forwarded-proto"):
		hint = `; an app that wants https may take health_headers=[set_header("X-Forwarded-Proto", "https")]`
	case resp.StatusCode == http.StatusBadRequest && !h.writes("host"):
		hint = `; an app that knows its hosts may want health_headers=[set_header("Host", …)]`
	}
	return fmt.Errorf("%s, want 2xx%s", came, hint)
}

func (h Health) writes(lower string) bool {
	return slices.ContainsFunc(h.Headers, func(e plan.HeaderEdit) bool { return e.Lower() == lower && e.Writes() })
}
