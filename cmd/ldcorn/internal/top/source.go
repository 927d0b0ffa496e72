package top

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/history"
)

// again is how long a source waits before it looks for a master that has gone.
const again = time.Second

// How many requests a source asks for: many only while the user sees them.
const (
	fewRequests  = 1
	manyRequests = control.MaxRequests
)

// A dataMsg tells the model that there is newer Data.
type dataMsg struct{ *Data }

// A lostMsg tells the model that the master does not answer.
type lostMsg struct{ err error }

// A source reads a master, in one goroutine, which owns data.
type source struct {
	connect  func() (*control.Client, error)
	interval time.Duration
	tell     func(tea.Msg)

	master   atomic.Pointer[control.Client]
	requests atomic.Int32  // how many to ask for
	hurry    chan struct{} // has an element if the next look should be at once

	data Data
}

func newSource(opts Options) (*source, error) {
	s := &source{connect: opts.Connect, interval: opts.Interval, hurry: make(chan struct{}, 1)}
	master, err := opts.Connect()
	if err != nil {
		return nil, err
	}
	s.master.Store(master)
	s.requests.Store(fewRequests)
	return s, nil
}

// want says how many requests the user sees.
func (s *source) want(requests int32) {
	if s.requests.Swap(requests) < requests {
		s.look()
	}
}

// look makes the next look come at once.
func (s *source) look() {
	select {
	case s.hurry <- struct{}{}:
	default:
	}
}

// run reads the master until ctx is done. If the master goes away, run waits for it.
func (s *source) run(ctx context.Context) {
	for {
		err := s.follow(ctx, s.master.Load())
		for err != nil {
			if ctx.Err() != nil {
				return
			}
			s.tell(lostMsg{err})
			select {
			case <-time.After(again):
			case <-ctx.Done():
				return
			}
			var master *control.Client
			if master, err = s.connect(); err == nil {
				s.master.Store(master)
			}
		}
	}
}

// errEnded is why a source has lost its master.
var errEnded = errors.New("the master has ended")

// follow reads one master until that fails. It always returns an error.
func (s *source) follow(ctx context.Context, master *control.Client) error {
	ctx, cancel := context.WithCancel(ctx)
	live, ended := make(chan *api.Live), make(chan error, 1)
	closed := make(chan struct{})
	defer func() { cancel(); <-closed }()
	past, after, err := s.before(ctx, master)
	if err != nil {
		close(closed)
		return err
	}
	s.data = Data{Past: past}
	go func() {
		defer close(closed)
		ended <- master.Live(ctx, control.LiveRequest{Workers: true, Events: keptEvents, After: after}, func(m *api.Live) error {
			select {
			case live <- m:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	tick := time.NewTicker(s.interval)
	defer tick.Stop()
	for first := true; ; {
		var now bool
		select {
		case m := <-live:
			s.take(m)
			now, first = first, false
		case <-tick.C:
			now = !first
		case <-s.hurry:
			now = !first
		case err := <-ended:
			if err == nil {
				err = errEnded
			}
			return err
		}
		if now {
			if err := s.read(ctx, master); err != nil {
				return err
			}
		}
	}
}

// before returns what the groups did in the last minutes, and the number of the newest
// second. A master with too many groups for that has no past.
func (s *source) before(ctx context.Context, master *control.Client) (Past, *uint64, error) {
	_, _, err := master.Status(ctx) // which tells a master that is not there from one that refuses
	if err != nil {
		return Past{}, nil, err
	}
	h, err := master.History(ctx, history.Query{Since: keptSeconds * time.Second, Step: time.Second})
	if err != nil {
		return Past{}, nil, nil
	}
	return Past{}.with(h), &h.Last, nil
}

// take adds a message of the live stream to the data.
func (s *source) take(m *api.Live) {
	s.data.Past = s.data.Past.with(m.History)
	s.data.Lost += m.Lost
	if len(m.Events) > 0 {
		all := append(s.data.Events[:len(s.data.Events):len(s.data.Events)], m.Events...)
		s.data.Events = all[max(0, len(all)-keptEvents):]
	}
}

// read asks for everything else, and tells the model.
func (s *source) read(ctx context.Context, master *control.Client) (err error) {
	if s.data.Status, _, err = master.StatusWithRequests(ctx); err != nil {
		return err
	}
	if s.data.Requests, err = master.Requests(ctx, control.RequestsWanted{Limit: int(s.requests.Load())}); err != nil {
		return err
	}
	data := s.data
	s.tell(dataMsg{&data})
	return nil
}
