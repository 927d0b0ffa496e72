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

// What a health check sends where Headers say nothing else. Nobody has a client
// on a unix socket, and apps read theirs (request.client.host), so the check
// has one as every other request does: the one that Uvicorn reads from these
// headers.
const (
	defaultHost      = "localhost"
	defaultUserAgent = "ldcorn-health"
	defaultClient    = "127.0.0.1"
	defaultScheme    = "http"
)

// maxLocation is how much of where an answer redirects to is shown.
const maxLocation = 200 // bytes

// A CheckError says why a health check failed.
type CheckError struct {
	Path   string
	Status int   // of the answer; 0 where none came
	Err    error // what came, and what to do
	Sent   []string
}

// Error is all of it, with the headers that were sent, without secrets.
func (e *CheckError) Error() string {
	return fmt.Sprintf("%v (sent %s)", e.Brief(), strings.Join(e.Sent, ", "))
}

// Brief is the error without what was sent.
func (e *CheckError) Brief() error { return fmt.Errorf("GET %s: %w", e.Path, e.Err) }

func (e *CheckError) Unwrap() error { return e.Err }

// Check asks the worker for its health, on a connection of its own, and returns
// nil if it answers with 2xx, else a *CheckError. It is no request of a client:
// no slot is claimed and nothing counts it. ctx bounds it, and its cause is in
// the error when it is over.
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
		return 0, context.Cause(ctx)
	case err != nil:
		return 0, err
	}
	resp.Body.Close() // which ends the connection
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return resp.StatusCode, h.refused(resp)
	}
	return resp.StatusCode, nil
}

// request makes the request that is sent.
func (h Health) request(ctx context.Context) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+defaultHost+h.Path, nil)
	if err != nil {
		return nil, err
	}
	// As written: Header's methods would change the names.
	req.Header = make(http.Header)
	for _, f := range h.fields() {
		switch f.lower {
		case "host":
			req.Host = f.value.Reveal()
			continue
		case "user-agent":
			f.name = "User-Agent" // the one that the transport looks for
		}
		req.Header[f.name] = append(req.Header[f.name], f.value.Reveal())
	}
	if _, has := req.Header["User-Agent"]; !has {
		req.Header["User-Agent"] = nil // or the transport writes its own
	}
	return req, nil
}

// A healthField is one line of the head of a check.
type healthField struct {
	name, lower string
	value       plan.Text
}

// fields are the headers of the request: the defaults that still hold, and what
// the edits write. A header about the client that an edit names is the edit's
// alone, since of two lines an app may read either.
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

// sent shows the headers of the request, without secrets.
func (h Health) sent() []string {
	var out []string
	for _, f := range h.fields() {
		out = append(out, f.name+": "+f.value.String())
	}
	return out
}

// refused says what came, and what to do.
func (h Health) refused(resp *http.Response) error {
	came := fmt.Sprintf("got status %d", resp.StatusCode)
	location := resp.Header.Get("Location")
	if location != "" {
		if len(location) > maxLocation {
			location = location[:maxLocation] + "…"
		}
		came += " to " + strconv.Quote(location)
	}
	return fmt.Errorf("%s, want 2xx%s", came, h.hint(resp.StatusCode, location))
}

// hint says what to do about an answer, or nothing where that is not known.
func (h Health) hint(status int, location string) string {
	switch {
	case strings.HasPrefix(location, "https:") && !h.writes("x-forwarded-proto"):
		return `; an app that wants https may take health_headers=[set_header("X-Forwarded-Proto", "https")]`
	case status >= 300 && status <= 399:
		return "; change health_path to a path that answers itself"
	case status == http.StatusBadRequest && !h.writes("host"):
		return `; an app that knows its hosts may want health_headers=[set_header("Host", …)]`
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return `; let the app answer without a login there, or send one with health_headers=[set_header("Authorization", …)]`
	case status == http.StatusNotFound, status == http.StatusGone:
		return "; add the route to the app, or change health_path"
	case status == http.StatusMethodNotAllowed:
		return "; let the route of the app take GET, or change health_path"
	case status == http.StatusInternalServerError:
		return "; the log has what the app wrote about it"
	}
	return ""
}

func (h Health) names(lower string) bool {
	return slices.ContainsFunc(h.Headers, func(e plan.HeaderEdit) bool { return e.Lower() == lower })
}

func (h Health) writes(lower string) bool {
	return slices.ContainsFunc(h.Headers, func(e plan.HeaderEdit) bool { return e.Lower() == lower && e.Writes() })
}
