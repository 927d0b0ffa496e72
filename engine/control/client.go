package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// A Client asks the master at a socket. Its methods are safe for concurrent use,
// and each call uses a connection of its own.
type Client struct {
	path  string
	http  http.Client
	quick time.Duration // how long it waits for an answer that a master has at once
	most  int64         // the most bytes that it reads of an answer
}

// NewClient returns a client that has not connected yet.
func NewClient(path string) *Client {
	return &Client{path: path, quick: quick, most: maxAnswer, http: http.Client{CheckRedirect: noRedirect, Transport: &http.Transport{
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHead,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}}}
}

// PID returns the process id of the master as the kernel reports it, or 0 if the
// master is in a pid namespace that this process cannot see. The pid in Status is
// the master's own view: if the master runs in a container, that number belongs to
// another process here.
func (c *Client) PID(ctx context.Context) (int, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", c.path)
	if err != nil {
		return 0, fmt.Errorf("master at %s: %w", c.path, inner(err))
	}
	defer conn.Close()
	peer, err := Peer(conn.(*net.UnixConn))
	if err != nil {
		return 0, err
	}
	return peer.PID, nil
}

// Status asks for the status of the master. The raw answer is as it came, except
// that invalid UTF-8 and carriage returns are replaced.
func (c *Client) Status(ctx context.Context) (st *api.Status, raw []byte, err error) {
	return c.status(ctx, "/v1/status")
}

// StatusWithRequests is Status with the oldest request of each worker.
func (c *Client) StatusWithRequests(ctx context.Context) (st *api.Status, raw []byte, err error) {
	return c.status(ctx, "/v1/status?requests=true")
}

func (c *Client) status(ctx context.Context, target string) (st *api.Status, raw []byte, err error) {
	raw, err = c.soon(ctx, http.MethodGet, target, nil, c.quick, min(c.most, maxStatus))
	if err != nil {
		return nil, nil, err
	}
	st = new(api.Status)
	if err := c.decode(raw, st); err != nil {
		return nil, nil, err
	}
	// In valid JSON a carriage return is a space between two tokens.
	return st, bytes.ReplaceAll(bytes.ToValidUTF8(raw, []byte("\ufffd")), []byte("\r"), []byte(" ")), nil
}

// Plan asks what a reload with the same request would do. If the configuration is
// invalid, the error is the whole report on it.
func (c *Client) Plan(ctx context.Context, want api.PlanRequest) (*api.Plan, error) {
	body, err := json.Marshal(want)
	if err != nil {
		return nil, err
	}
	raw, err := c.soon(ctx, http.MethodPost, "/v1/plan", body, evaluating, c.most)
	if err != nil {
		return nil, err
	}
	report := new(api.Plan)
	if err := c.decode(raw, report); err != nil {
		return nil, err
	}
	return report, nil
}

// Args asks for the arguments of the configuration in effect.
func (c *Client) Args(ctx context.Context) (*api.Args, error) {
	raw, err := c.soon(ctx, http.MethodGet, "/v1/args", nil, c.quick, c.most)
	if err != nil {
		return nil, err
	}
	args := new(api.Args)
	if err := c.decode(raw, args); err != nil {
		return nil, err
	}
	return args, nil
}

// Explain asks which rule would take a request, and why.
func (c *Client) Explain(ctx context.Context, q api.Question) (*api.Explanation, error) {
	body, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	raw, err := c.soon(ctx, http.MethodPost, "/v1/explain", body, evaluating, c.most)
	if err != nil {
		return nil, err
	}
	e := new(api.Explanation)
	if err := c.decode(raw, e); err != nil {
		return nil, err
	}
	return e, nil
}

// Reload makes the master apply its configuration, and calls tell for each step. It
// returns the first error of tell, or nil when the master ends its answer, or when
// the request asks not to wait.
func (c *Client) Reload(ctx context.Context, want api.ReloadRequest, tell func(api.ReloadStep) error) error {
	body, err := json.Marshal(want)
	if err != nil {
		return err
	}
	resp, err := c.begin(ctx, http.MethodPost, "/v1/reload", body)
	if err != nil {
		return err
	}
	defer resp.Close()
	if want.NoWait {
		return nil
	}
	lines := json.NewDecoder(limited(resp, c.most))
	for applied := false; ; {
		var e api.ReloadStep
		switch err := lines.Decode(&e); {
		case err == io.EOF:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return c.failed(err)
		}
		if err := checkStep(&e, applied); err != nil {
			return c.failed(err)
		}
		applied = applied || e.Kind == api.StepApplied
		visible.Strings(&e)
		if err := tell(e); err != nil {
			return err
		}
	}
}

// checkStep returns an error if no master sends such a step, so that callers of
// Reload can rely on its fields.
func checkStep(e *api.ReloadStep, applied bool) error {
	switch {
	case e.Kind == api.StepApplied && e.Report == nil:
		return errors.New("it says that the reload was applied, but not what has changed")
	case e.Kind == api.StepFinished && !applied:
		return errors.New("it says that the reload has finished, but never said that it was applied")
	}
	return nil
}

// Scale gives a group another number of workers, and returns when they are ready.
func (c *Client) Scale(ctx context.Context, group string, instances int) error {
	body, err := json.Marshal(api.ScaleRequest{Instances: instances})
	if err != nil {
		return err
	}
	_, err = c.do(ctx, http.MethodPost, groupPath(group, "scale"), body)
	return err
}

// Restart replaces every worker of a group, and returns when that is done.
func (c *Client) Restart(ctx context.Context, group string) error {
	return c.verb(ctx, group, "restart")
}

// RestartWorker replaces the worker with an index, and returns when that is done.
func (c *Client) RestartWorker(ctx context.Context, group string, worker int) error {
	return c.verb(ctx, group, "restart?worker="+strconv.Itoa(worker))
}

// Hold makes the requests of a group wait.
func (c *Client) Hold(ctx context.Context, group string) error { return c.verb(ctx, group, "hold") }

// Release lets the requests of a held group go on.
func (c *Client) Release(ctx context.Context, group string) error {
	return c.verb(ctx, group, "release")
}

// Quiet returns once no request of a group is in flight. Websockets do not count.
func (c *Client) Quiet(ctx context.Context, group string) error {
	_, err := c.do(ctx, http.MethodGet, groupPath(group, "quiet"), nil)
	return err
}

// Stop tells the master to stop, as TERM does. It does not wait for the end.
func (c *Client) Stop(ctx context.Context, want api.StopRequest) error {
	body, err := json.Marshal(want)
	if err != nil {
		return err
	}
	_, err = c.soon(ctx, http.MethodPost, "/v1/stop", body, c.quick, c.most)
	return err
}

func (c *Client) verb(ctx context.Context, group, verb string) error {
	_, err := c.do(ctx, http.MethodPost, groupPath(group, verb), nil)
	return err
}

func groupPath(group, verb string) string {
	return "/v1/groups/" + url.PathEscape(group) + "/" + verb
}

// do sends a request and returns the body of the answer. If the master refuses the
// request, the error is the reason that it gives.
func (c *Client) do(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	return c.read(ctx, method, path, body, c.most)
}

// soon is like do, with limits on the time and the size of the answer.
func (c *Client) soon(ctx context.Context, method, path string, body []byte, within time.Duration, most int64) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, within, c.late(within))
	defer cancel()
	return c.read(ctx, method, path, body, most)
}

func (c *Client) read(ctx context.Context, method, path string, body []byte, most int64) ([]byte, error) {
	resp, err := c.open(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	defer resp.Close()
	raw, err := io.ReadAll(limited(resp, most))
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, c.failed(err)
	}
	return raw, nil
}

// decode reads an answer into v, and makes its texts harmless to a terminal.
func (c *Client) decode(raw []byte, v any) error {
	err := json.Unmarshal(raw, v)
	if err == nil && !bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte("{")) {
		err = errors.New("it is not an object")
	}
	if err != nil {
		return c.failed(fmt.Errorf("its answer makes no sense: %w", err))
	}
	visible.Strings(v)
	return nil
}

func (c *Client) late(within time.Duration) error {
	return fmt.Errorf("master at %s: no answer within %s", c.path, within)
}

func (c *Client) failed(err error) error {
	return fmt.Errorf("master at %s: %s", c.path, visible.String(err.Error()))
}

// begin is like open, but limits the time until the answer begins, not how long it
// goes on.
func (c *Client) begin(ctx context.Context, method, path string, body []byte) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	late := time.AfterFunc(c.quick, func() { cancel(c.late(c.quick)) })
	resp, err := c.open(ctx, method, path, body)
	if late.Stop(); err != nil {
		cancel(nil)
		return nil, err
	}
	return &answerBody{resp, func() { cancel(nil) }}, nil
}

// An answerBody ends its request when it is closed.
type answerBody struct {
	io.ReadCloser
	end func()
}

func (b *answerBody) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}

// open is like do, but the caller reads the body as it comes, and closes it.
func (c *Client) open(ctx context.Context, method, path string, body []byte) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://master"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, c.failed(inner(err))
	}
	if resp.StatusCode < 300 {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(limited(resp.Body, c.most))
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, c.failed(err)
	}
	var failed api.Done
	if json.Unmarshal(raw, &failed) != nil || failed.Error == "" {
		return nil, fmt.Errorf("master at %s: status %d", c.path, resp.StatusCode)
	}
	return nil, errors.New(visible.Text(failed.Error))
}

// inner returns an error without the URL, which means nothing to people, and says
// what the errors mean that come if there is no master.
func inner(err error) error {
	switch {
	case errors.Is(err, syscall.ENOENT):
		return errors.New("there is no such socket")
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("nothing listens there")
	}
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}
