package control

import (
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// An EventsRequest says which events somebody wants.
type EventsRequest struct {
	Groups []string // those of some groups and their workers; empty = everything
	Events int      // the newest so many that are kept; negative = all
	Follow bool     // those that come after them, too
}

// A line is one line of the answer to GET /v1/events.
type line struct {
	*event.Event
	Lost uint64 `json:"lost,omitempty"` // how many events have come that this client has missed; then there is no event
}

// Events calls tell for each event that the master remembers or, where the
// request follows, also for those that come, until the master ends. lost is how
// many were missed before the event, by a client that reads too slowly. An error
// of tell ends it.
func (c *Client) Events(ctx context.Context, want EventsRequest, tell func(e event.Event, lost uint64) error) error {
	q := LogRequest{want.Groups, want.Events, want.Follow}
	resp, err := c.begin(ctx, http.MethodGet, "/v1/events?"+q.values().Encode(), nil)
	if err != nil {
		return err
	}
	defer resp.Close()
	from := limited(resp, c.most)
	lines := json.NewDecoder(from)
	for lost := uint64(0); ; {
		if want.Follow {
			from.left = c.most // no end is wanted but that of a line
		}
		var l line
		switch err := lines.Decode(&l); {
		case err == io.EOF:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return c.failed(err)
		}
		lost += l.Lost
		if l.Event == nil {
			continue
		}
		visible.Strings(l.Event)
		if err := tell(*l.Event, lost); err != nil {
			return err
		}
		lost = 0
	}
}

// events writes what has happened, a JSON object a line. A client that reads
// slowly keeps nobody waiting.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	want, err := logRequest(r.URL.Query())
	if err == nil {
		err = s.knownGroups(want.Groups)
	}
	if err != nil {
		answer(w, statusOf(err), done{FormatVersion, err.Error()})
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	out, flush := json.NewEncoder(w), http.NewResponseController(w).Flush
	for from := s.opts.Events.Read(want.Groups, want.Lines); ; from.Wait(ctx) {
		events, lost := from.Take()
		if lost > 0 && out.Encode(line{Lost: lost}) != nil {
			return // the client is gone
		}
		for i := range events {
			if out.Encode(line{Event: &events[i]}) != nil {
				return
			}
		}
		if !want.Follow || ctx.Err() != nil || flush() != nil {
			return
		}
	}
}
