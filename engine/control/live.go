package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/history"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// maxLive is how many live streams a listener has at a time for clients that it trusts,
// and as many for others, so that nobody can lock out who has the token. Each costs the
// master a little every second.
const maxLive = 16

// liveTimeout limits the time that a client can take to receive a message of a live
// stream. One that is slower is dropped; it can come again and say what it has.
const liveTimeout = 10 * time.Second

// maxLiveEvents is how many events that have been a client can ask for.
const maxLiveEvents = 1024

// A LiveRequest asks for a live stream.
type LiveRequest struct {
	Groups  []string // only these groups and their events; everything if empty
	Workers bool     // whether to include the workers
	Events  int      // how many of the events that the master keeps come first
	After   *uint64  // the number of the second after which the history begins; nil means with the newest
}

func (q *LiveRequest) values() url.Values {
	one := q.query(q.After)
	v := one.Values()
	v.Set("events", strconv.Itoa(q.Events))
	return v
}

// query returns a query for the seconds after one.
func (q *LiveRequest) query(after *uint64) history.Query {
	return history.Query{Groups: q.Groups, Workers: q.Workers, Step: time.Second, After: after}
}

// liveRequest reads a request. A browser that connects again sends the id of the last
// message that it has, which is the number of a second.
func liveRequest(r *http.Request) (q LiveRequest, err error) {
	v := r.URL.Query()
	if v.Has("since") || v.Has("step") && v.Get("step") != "1s" {
		return q, &badRequestError{errors.New("a live stream has steps of one second, and begins now, or after=NUMBER: for what was before, ask for /history")}
	}
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		v.Set("after", id)
	}
	v.Set("step", "1s")
	one, err := history.ParseQuery(v)
	if err != nil {
		return q, err
	}
	q = LiveRequest{Groups: one.Groups, Workers: one.Workers, After: one.After}
	if s := v.Get("events"); s != "" {
		if q.Events, err = strconv.Atoi(s); err != nil || q.Events < 0 || q.Events > maxLiveEvents {
			return q, &badRequestError{fmt.Errorf("events: got %q, want a number from 0 to %d", s, maxLiveEvents)}
		}
	}
	return q, nil
}

// liveOptions are what a live needs.
type liveOptions struct {
	ctx     context.Context // of all streams
	history *history.History
	events  func(groups []string, n int) taker // see event.Stream.Read
	public  bool                               // server-sent events, and not lines of JSON
	trusts  func(*http.Request) bool           // whether a client has a place of those that are trusted
}

// A taker has events. See event.Reader.
type taker interface {
	Take() (events []api.ControlEvent, lost uint64)
}

// publicEvents takes events without the words of workers.
type publicEvents struct{ event.PublicReader }

func (p publicEvents) Take() ([]api.ControlEvent, uint64) {
	events, lost := p.PublicReader.Take()
	out := make([]api.ControlEvent, len(events))
	for i := range events {
		out[i].Event = events[i]
	}
	return out, lost
}

// A live serves the live streams of a listener: the newest second of the history and new
// events, each second.
type live struct {
	liveOptions
	trusted, others chan struct{} // have an element for each stream
}

func newLive(opts liveOptions) *live {
	return &live{liveOptions: opts, trusted: make(chan struct{}, maxLive), others: make(chan struct{}, maxLive)}
}

// take gives a client a place, which it must release. If there is none, take says why.
func (l *live) take(r *http.Request) (release func(), why string) {
	places, why := l.others, fmt.Sprintf("there are %d live streams without the token already: close one, or send the token", maxLive)
	if l.trusts(r) {
		places, why = l.trusted, fmt.Sprintf("there are %d live streams already: close one", maxLive)
	}
	select {
	case places <- struct{}{}:
		return func() { <-places }, ""
	default:
		return nil, why
	}
}

func (l *live) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	want, err := liveRequest(r)
	if err != nil {
		refuse(w, statusOf(err), err.Error())
		return
	}
	release, why := l.take(r)
	if release == nil {
		h.Set("Retry-After", "5")
		refuse(w, http.StatusServiceUnavailable, why)
		return
	}
	defer release()
	s := &liveStream{live: l, want: want, events: l.events(want.Groups, want.Events)}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(l.ctx, cancel)()
	first, err := s.next(ctx)
	if err != nil {
		refuse(w, statusOf(err), err.Error())
		return
	}
	h.Set("Content-Type", "application/x-ndjson")
	if l.public {
		h.Set("Content-Type", "text/event-stream")
		h.Set("X-Accel-Buffering", "no") // or a proxy in front keeps messages back
	}
	if r.Method == http.MethodHead {
		return
	}
	s.send(ctx, http.NewResponseController(w), w, first)
}

// A liveStream is one stream.
type liveStream struct {
	*live
	want   LiveRequest
	events taker
	last   uint64 // number of the second that the client has
}

// next returns the next message. It does not wait.
func (s *liveStream) next(ctx context.Context) (*api.Live, error) {
	after := s.want.After
	if s.last > 0 {
		after = &s.last
	}
	newest := s.history.Newest()
	newest -= min(newest, 1)
	if after == nil {
		after = &newest
	}
	h, err := s.history.Answer(ctx, s.want.query(after))
	if tooMany := (*history.QueryError)(nil); errors.As(err, &tooMany) {
		h, err = s.history.Answer(ctx, s.want.query(&newest))
	}
	if err != nil {
		return nil, err
	}
	s.last = h.Last
	out := &api.Live{FormatVersion: api.HistoryVersion, History: h}
	out.Events, out.Lost = s.events.Take()
	if out.Events == nil {
		out.Events = []api.ControlEvent{}
	}
	return out, nil
}

// send writes a message, and then one each second, until ctx is done or the client does
// not take them.
func (s *liveStream) send(ctx context.Context, conn *http.ResponseController, w http.ResponseWriter, m *api.Live) {
	_ = conn.SetReadDeadline(time.Time{}) // it limits requests, and would end the stream
	for {
		_ = conn.SetWriteDeadline(time.Now().Add(liveTimeout))
		if _, err := w.Write(s.text(m)); err != nil || conn.Flush() != nil {
			return
		}
		s.history.Wait(ctx, s.last)
		if ctx.Err() != nil {
			return
		}
		var err error
		if m, err = s.next(ctx); err != nil {
			return // the master ends, or a group that the client asks for is long gone
		}
	}
}

// text returns a message as it is sent.
func (s *liveStream) text(m *api.Live) []byte {
	var out bytes.Buffer
	if s.public {
		fmt.Fprintf(&out, "id: %d\ndata: ", m.History.Last)
	}
	_ = json.NewEncoder(&out).Encode(m) // this cannot fail
	if s.public {
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// Live calls tell for each message of a live stream, which goes on until the master
// ends, ctx does, or tell returns an error, which Live returns.
func (c *Client) Live(ctx context.Context, want LiveRequest, tell func(*api.Live) error) error {
	return c.lines(ctx, "/v1/live?"+want.values().Encode(), true, func(lines []byte) error {
		for text := range bytes.Lines(lines) {
			m := new(api.Live)
			if err := json.Unmarshal(text, m); err != nil {
				return c.failed(fmt.Errorf("its answer makes no sense: %w", err))
			}
			if m.History == nil || !m.History.Whole() {
				return c.failed(errNotWhole)
			}
			visible.Strings(m)
			if err := tell(m); err != nil {
				return err
			}
		}
		return nil
	})
}
