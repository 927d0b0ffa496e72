package control

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/history"
)

// history answers with a part of the history. It consists of numbers and the names of
// groups, so it may be read by anybody who can reach the listener.
func (a *Admin) history(w http.ResponseWriter, r *http.Request) {
	answerHistory(w, r, a.opts.History, a.opts.Busy)
}

// answerHistory answers with the part of a history that a request asks for.
func answerHistory(w http.ResponseWriter, r *http.Request, from *history.History, busy func() (done func())) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	want, err := history.ParseQuery(r.URL.Query())
	if err != nil {
		refuse(w, statusOf(err), err.Error())
		return
	}
	defer busy()()
	h, err := from.Answer(r.Context(), want)
	if err != nil {
		refuse(w, statusOf(err), err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(h) // fails only if the client has gone
}

// errNotWhole is why an answer is not a history.
var errNotWhole = errors.New("its answer makes no sense: its series differ in length")

// History asks for a part of the master's history.
func (c *Client) History(ctx context.Context, want history.Query) (*api.History, error) {
	raw, err := c.soon(ctx, http.MethodGet, "/v1/history?"+want.Values().Encode(), nil, c.quick, c.most)
	if err != nil {
		return nil, err
	}
	h := new(api.History)
	if err := c.decode(raw, h); err != nil {
		return nil, err
	}
	if !h.Whole() {
		return nil, c.failed(errNotWhole)
	}
	return h, nil
}
