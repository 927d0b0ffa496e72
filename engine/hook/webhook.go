package hook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
)

const (
	maxTries  = 5       // of one event
	maxAnswer = 1 << 16 // bytes that are read of an answer, so that its connection can be used again
)

// pause is how long to wait before a try, of which the first one is number 1: 1, 2, 4 and
// 8 seconds.
func pause(try int) time.Duration { return time.Second << (try - 2) }

// A webhook posts events to an address.
type webhook struct {
	hook   *plan.Hook
	agent  string
	pause  func(try int) time.Duration
	client http.Client
}

func newWebhook(h *plan.Hook, version string, pause func(int) time.Duration) *webhook {
	return &webhook{hook: h, agent: "ldcorn/" + version, pause: pause, client: http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: new(net.Dialer).DialContext, ForceAttemptHTTP2: true,
			MaxIdleConnsPerHost: 1, IdleConnTimeout: 30 * time.Second,
		},
	}}
}

// A temporary error may not happen again.
type temporary struct{ error }

func (t temporary) Unwrap() error { return t.error }

// post posts an event, and tries again if that may help. The error shows neither the path
// of the address nor, if it is a secret, its host.
func (w *webhook) post(ctx context.Context, body []byte) error {
	for try := 1; ; try++ {
		if try > 1 && !sleep(ctx, w.pause(try)) {
			return context.Cause(ctx)
		}
		err := w.try(ctx, body)
		switch {
		case err == nil:
			return nil
		case try == maxTries || !errors.As(err, new(temporary)):
			return w.discreet(err)
		}
	}
}

// sleep waits, and reports false if ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (w *webhook) try(ctx context.Context, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, w.hook.Command.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.hook.URL.Reveal(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", w.agent)
	for _, h := range w.hook.Headers {
		req.Header.Set(h.Name, h.Value.Reveal())
	}
	resp, err := w.client.Do(req)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("no answer within %v", w.hook.Command.Timeout)
		}
		return temporary{err}
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer) // what it says does not matter
	switch code := resp.StatusCode; {
	case code >= 200 && code <= 299:
		return nil
	case code >= 300 && code <= 399:
		return fmt.Errorf("got status %d, want 2xx; redirects are not followed: write the address where it leads", code)
	case code >= 500, code == http.StatusTooManyRequests:
		return temporary{fmt.Errorf("got status %d, want 2xx", code)}
	default:
		return fmt.Errorf("got status %d, want 2xx", code)
	}
}

// discreet removes what must not be shown from an error.
func (w *webhook) discreet(err error) error {
	var with *url.Error // repeats the address
	if errors.As(err, &with) {
		err = with.Err
	}
	text := err.Error()
	if u, parse := url.Parse(w.hook.URL.Reveal()); parse == nil && w.hook.URL.IsSecret() {
		text = strings.ReplaceAll(text, u.Hostname(), "(secret)")
	}
	return errors.New(text)
}
