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

// Health describes the request of a health check.
type Health struct {
	Path    string
	Headers []plan.HeaderEdit // edits to the default headers
}

// HealthOf returns the health check of a group's workers.
func HealthOf(p *plan.Group) Health { return Health{p.HealthPath, p.HealthHeaders} }

// Equal reports whether h and other describe the same request.
func (h Health) Equal(other Health) bool {
	return h.Path == other.Path && slices.Equal(h.Headers, other.Headers)
}

// These are the defaults of a health check's headers. A connection on a unix
// socket has no client address, and apps read it (request.client.host), so the
// check names a client as every other request does: Uvicorn reads it from these
// headers.
const (
	defaultHost      = "localhost"
	defaultUserAgent = "ldcorn-health"
	defaultClient    = "127.0.0.1"
	defaultScheme    = "http"
)

// maxLocation is how much of a redirect's target an error shows.
const maxLocation = 200 // bytes

// A CheckError says why a health check failed.
type CheckError struct {
	Path   string
	Status int      // of the answer; 0 if there was none
	Err    error    // what was wrong, and what to do
	Sent   []string // headers, without secrets
}

// Error returns the complete error, with the headers that were sent but without
// secrets.
func (e *CheckError) Error() string {
	return fmt.Sprintf("%v (sent %s)", e.Brief(), strings.Join(e.Sent, ", "))
}

// Brief returns the error without the headers.
func (e *CheckError) Brief() error { return fmt.Errorf("GET %s: %w", e.Path, e.Err) }

func (e *CheckError) Unwrap() error { return e.Err }

// Check checks the worker's health, on a connection of its own. It returns nil
// if the worker answers with a 2xx status and a *CheckError otherwise. A check
// is not a client's request: it claims no slot and is not counted. If ctx ends
// first, its cause is in the error.
func (p *Process) Check(ctx context.Context, h Health) error {
	status, err := p.check(ctx, h)
	if err == nil {
		return nil
	}
	return &CheckError{Path: h.Path, Status: status, Err: err, Sent: h.sent()}
}

func (p *Process) check(ctx context.Context, h Health) (status int, err error) {
	req, err := h.request(ctx)
	if err != nil {
		return 0, err
	}
	resp, err := roundTrip(req, p.socket)
	if err != nil {
		return 0, err
	}
	resp.Body.Close() // also closes the connection
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return resp.StatusCode, h.refused(resp)
	}
	return resp.StatusCode, nil
}

// roundTrip sends a request to a socket, on a connection of its own, and returns the
// answer, whose body the caller must close. If the request's context ends first, its
// cause is the error.
func roundTrip(req *http.Request, socket string) (*http.Response, error) {
	// A transport, not a client: a redirect is an answer, and not a healthy one.
	transport := &http.Transport{
		DisableKeepAlives: true, DisableCompression: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}
	resp, err := transport.RoundTrip(req)
	if err != nil && req.Context().Err() != nil {
		return nil, context.Cause(req.Context())
	}
	return resp, err
}

// request builds the request of the check.
func (h Health) request(ctx context.Context) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+defaultHost+h.Path, nil)
	if err != nil {
		return nil, err
	}
	// Names must stay as written, but the methods of Header change them.
	req.Header = make(http.Header)
	for _, f := range h.fields() {
		switch f.lower {
		case "host":
			req.Host = f.value.Reveal()
			continue
		case "user-agent":
			f.name = "User-Agent" // the spelling that the transport looks for
		}
		req.Header[f.name] = append(req.Header[f.name], f.value.Reveal())
	}
	if _, has := req.Header["User-Agent"]; !has {
		req.Header["User-Agent"] = nil // otherwise the transport adds its own
	}
	return req, nil
}

// A healthField is one header line of a check.
type healthField struct {
	name, lower string
	value       plan.Text
}

// fields returns the headers of the request: the defaults that still apply, and
// those that the edits write. If an edit names a header about the client, only
// the edit's lines are sent, because an app may read either of two lines.
func (h Health) fields() []healthField {
	out := []healthField{
		{"Host", "host", plan.Plain(defaultHost)},
		{"User-Agent", "user-agent", plan.Plain(defaultUserAgent)},
	}
	for _, f := range []healthField{
		{"X-Forwarded-For", "x-forwarded-for", plan.Plain(defaultClient)},
		{"X-Forwarded-Proto", "x-forwarded-proto", plan.Plain(defaultScheme)},
	} {
		if !h.names(f.lower) {
			out = append(out, f)
		}
	}
	for _, e := range h.Headers {
		if e.Replaces() {
			out = slices.DeleteFunc(out, func(f healthField) bool { return f.lower == e.Lower() })
		}
		if e.Writes() {
			out = append(out, healthField{e.Name, e.Lower(), e.Value})
		}
	}
	return out
}

// sent returns the headers of the request, without secrets.
func (h Health) sent() []string {
	var out []string
	for _, f := range h.fields() {
		out = append(out, f.name+": "+f.value.String())
	}
	return out
}

// refused returns the error for an answer that is not 2xx.
func (h Health) refused(resp *http.Response) error {
	came, location := arrival(resp)
	return fmt.Errorf("%s, want 2xx%s", came, h.hint(resp.StatusCode, location))
}

// arrival says what came instead of what was asked for, with the target of a redirect,
// which it also returns, bounded. The location is "" if there is none.
func arrival(resp *http.Response) (came, location string) {
	came, location = fmt.Sprintf("got status %d", resp.StatusCode), resp.Header.Get("Location")
	if location == "" {
		return came, ""
	}
	if len(location) > maxLocation {
		location = location[:maxLocation] + "…"
	}
	return came + " to " + strconv.Quote(location), location
}

// hint returns advice about an answer, or "" if there is none.
func (h Health) hint(status int, location string) string {
	switch {
	case strings.HasPrefix(location, "https:") && !h.writes("x-forwarded-proto"):
		return `; for an app that requires https, set health_headers=[set_header("X-Forwarded-Proto", "https")]`
	case status >= 300 && status <= 399:
		return "; change health_path to a path that does not redirect"
	case status == http.StatusBadRequest && !h.writes("host"):
		return `; for an app that checks the Host header, set health_headers=[set_header("Host", …)]`
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return `; allow requests without a login there, or send one with health_headers=[set_header("Authorization", …)]`
	case status == http.StatusNotFound, status == http.StatusGone:
		return "; add the route to the app, or change health_path"
	case status == http.StatusMethodNotAllowed:
		return "; allow GET on the app's route, or change health_path"
	case status == http.StatusInternalServerError:
		return "; see the app's own error in the log"
	}
	return ""
}

func (h Health) names(lower string) bool {
	return slices.ContainsFunc(h.Headers, func(e plan.HeaderEdit) bool { return e.Lower() == lower })
}

func (h Health) writes(lower string) bool {
	return slices.ContainsFunc(h.Headers, func(e plan.HeaderEdit) bool { return e.Lower() == lower && e.Writes() })
}
