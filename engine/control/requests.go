package control

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/judge"
)

// MaxRequests is how many requests in hand a client can ask for.
const MaxRequests = 1000

// RequestsWanted are the requests in hand that a client asks for.
type RequestsWanted struct {
	Limit      int      // how many at most, from 1 to MaxRequests; the same for websockets
	PerWorker  int      // how many of those for each worker, and for each group of those that no worker has; 0 = no such limit
	Groups     []string // only those of these groups; empty = all
	Worker     *int     // only those that a worker with this index has; nil = all
	Websockets bool     // open websockets, too
}

func (q *RequestsWanted) values() url.Values {
	v := url.Values{"limit": {strconv.Itoa(q.Limit)}, "per_worker": {strconv.Itoa(q.PerWorker)}, "websockets": {strconv.FormatBool(q.Websockets)}}
	if len(q.Groups) > 0 {
		v["group"] = q.Groups
	}
	if q.Worker != nil {
		v.Set("worker", strconv.Itoa(*q.Worker))
	}
	return v
}

// requestsWanted returns what a client asks for.
func requestsWanted(v url.Values) (q RequestsWanted, err error) {
	q.Groups, q.Websockets = v["group"], v.Get("websockets") == "true"
	if q.Limit, err = strconv.Atoi(v.Get("limit")); err != nil || q.Limit < 1 || q.Limit > MaxRequests {
		return q, &badRequestError{fmt.Errorf("limit: want a number from 1 to %d", MaxRequests)}
	}
	if text := v.Get("per_worker"); text != "" {
		if q.PerWorker, err = strconv.Atoi(text); err != nil || q.PerWorker < 0 {
			return q, &badRequestError{errors.New("per_worker: want a number of 0 or more")}
		}
	}
	q.Worker, err = workerWanted(v)
	return q, err
}

// workerWanted returns the index of the worker that a client asks for, or nil for none.
func workerWanted(v url.Values) (*int, error) {
	text := v.Get("worker")
	if text == "" {
		return nil, nil
	}
	index, err := strconv.Atoi(text)
	if err != nil || index < 0 {
		return nil, &badRequestError{errors.New("worker: want an index of 0 or more")}
	}
	return &index, nil
}

// requests answers with the oldest requests in hand.
func (s *Server) requests(w http.ResponseWriter, r *http.Request) {
	want, err := requestsWanted(r.URL.Query())
	if err == nil && len(want.Groups) > 0 {
		err = s.knownGroups(want.Groups)
	}
	if err != nil {
		refuse(w, statusOf(err), err.Error())
		return
	}
	defer s.opts.Busy()()
	all := s.opts.Requests(want)
	for _, in := range judge.Still(s.opts.Incidents(), s.opts.Master.Groups()) {
		if len(want.Groups) == 0 || slices.Contains(want.Groups, in.Group) {
			all.Incidents = append(all.Incidents, in)
		}
	}
	answer(w, http.StatusOK, all)
}

// Requests asks for the oldest requests in hand.
func (c *Client) Requests(ctx context.Context, want RequestsWanted) (*api.Requests, error) {
	raw, err := c.soon(ctx, http.MethodGet, "/v1/requests?"+want.values().Encode(), nil, c.quick, min(c.most, maxStatus))
	if err != nil {
		return nil, err
	}
	all := new(api.Requests)
	if err := c.decode(raw, all); err != nil {
		return nil, err
	}
	return all, nil
}

// addRequests adds the oldest request of each worker to a status.
func (s *Server) addRequests(st *api.Status) {
	all := s.opts.Requests(RequestsWanted{Limit: MaxRequests, PerWorker: 1})
	for i := range all.Requests {
		r := &all.Requests[i]
		if w := workerOf(st, r); w != nil {
			w.Oldest = r
		}
	}
}

// workerOf returns the worker that has a request, or nil.
func workerOf(st *api.Status, r *api.Request) *api.WorkerStatus {
	for i := range st.Groups {
		if g := &st.Groups[i]; g.Name == r.Group && r.Worker != nil {
			for k := range g.Workers {
				if w := &g.Workers[k]; w.Index == *r.Worker && w.PID == r.PID {
					return w
				}
			}
		}
	}
	return nil
}
