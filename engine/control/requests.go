package control

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/ldcorn/ldcorn/engine/api"
)

// MaxRequests is how many requests in hand a client can ask for.
const MaxRequests = 1000

// requests answers with the oldest requests in hand.
func (s *Server) requests(w http.ResponseWriter, r *http.Request) {
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || limit < 1 || limit > MaxRequests {
		refuse(w, http.StatusBadRequest, fmt.Sprintf("limit: want a number from 1 to %d", MaxRequests))
		return
	}
	defer s.opts.Busy()()
	answer(w, http.StatusOK, s.opts.Requests(limit))
}

// Requests asks for the oldest requests in hand, at most limit of them, which is
// from 1 to MaxRequests.
func (c *Client) Requests(ctx context.Context, limit int) (*api.Requests, error) {
	query := url.Values{"limit": {strconv.Itoa(limit)}}
	raw, err := c.soon(ctx, http.MethodGet, "/v1/requests?"+query.Encode(), nil, c.quick, min(c.most, maxStatus))
	if err != nil {
		return nil, err
	}
	all := new(api.Requests)
	if err := c.decode(raw, all); err != nil {
		return nil, err
	}
	return all, nil
}
