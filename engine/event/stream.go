// Package event keeps what happens to a master as one stream of events, for
// readers that come later.
//
// The supervisor and the reloads emit events. The control socket and the admin
// listener read them. An emitter never waits for a reader.
package event

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// kept is how many events a stream keeps.
const kept = 1024

// maxStderr bounds how many of the last lines of a worker an event keeps.
const maxStderr = 20

// maxReason bounds the reason of an event, in bytes.
const maxReason = 512

// A Stream is the events of one master. The zero Stream is ready for use, and a
// nil one takes events and keeps none. Its methods are safe for concurrent use.
type Stream struct {
	mu     sync.Mutex         // guards all below
	events []api.ControlEvent // the newest ones, the oldest of them first
	count  uint64             // how many there ever were
	more   chan struct{}      // closed when an event comes; nil if no reader waits
}

// Emit adds an event. Stderr is the last lines of the worker that is at fault, if
// one is; only readers at the control socket see them.
//
// Emit sets the number, the time and the version of the event. It cuts the reason
// to one line of bounded length, and keeps a copy of the last lines of stderr. It
// never waits for a reader.
func (s *Stream) Emit(e api.Event, stderr ...string) {
	if s == nil {
		return
	}
	e.Reason, e.PublicReason = oneLine(e.Reason), oneLine(e.PublicReason)
	stderr = slices.Clone(stderr[max(len(stderr)-maxStderr, 0):])
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	e.FormatVersion, e.Number, e.At = api.EventVersion, s.count, time.Now()
	if len(s.events) == kept {
		copy(s.events, s.events[1:])
		s.events = s.events[:kept-1]
	}
	s.events = append(s.events, api.ControlEvent{Event: e, Stderr: stderr})
	if s.more != nil {
		close(s.more)
		s.more = nil
	}
}

// oneLine cuts a reason.
func oneLine(reason string) string { return visible.Cut(visible.FirstLine(reason), maxReason) }

// Newest returns the newest n events that are kept, the oldest of them first, as
// anybody may know them. It is for the admin listener.
func (s *Stream) Newest(n int) []api.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	newest := s.events[max(len(s.events)-n, 0):]
	out := make([]api.Event, len(newest))
	for i := range newest {
		out[i] = newest[i].Public()
	}
	return out
}

// Since returns how many of the events that are kept are of a kind and no older than a
// time.
func (s *Stream) Since(kind api.EventKind, from time.Time) (n int) {
	if s == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.events) - 1; i >= 0 && !s.events[i].At.Before(from); i-- {
		if s.events[i].Kind == kind {
			n++
		}
	}
	return n
}

// A Reader reads the events of some groups, or all events. It is for one
// goroutine.
type Reader struct {
	stream *Stream
	groups []string        // if empty, it reads all events, those of the master included
	kinds  []api.EventKind // if empty, it reads all kinds
	next   uint64          // the number of the next event to look at
	ends   bool            // EndNow was called
	last   uint64          // the number of the last event to take, if it ends
}

// EndNow leaves out the events that come from now on: once the reader has taken
// those that are kept, Take returns nothing.
func (r *Reader) EndNow() {
	r.stream.mu.Lock()
	defer r.stream.mu.Unlock()
	r.ends, r.last = true, r.stream.count
}

// Read returns a reader of the events of some groups, or of all events if none is
// named, and only of some kinds if any is: of the newest n that are kept, or of all
// that are if n is negative, and of those that come after them.
func (s *Stream) Read(groups []string, n int, kinds ...api.EventKind) *Reader {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &Reader{stream: s, groups: groups, kinds: kinds, next: s.count + 1}
	for i := len(s.events) - 1; i >= 0 && n != 0; i-- {
		if e := &s.events[i].Event; r.wants(e) {
			r.next = e.Number
			n--
		}
	}
	return r
}

func (r *Reader) wants(e *api.Event) bool {
	return (len(r.groups) == 0 || slices.Contains(r.groups, e.Group)) && (len(r.kinds) == 0 || slices.Contains(r.kinds, e.Kind)) && (!r.ends || e.Number <= r.last)
}

// Take returns the events that have come since the last call, and how many came
// that are not kept any more, those of other groups included.
func (r *Reader) Take() (events []api.ControlEvent, lost uint64) {
	s := r.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	if first := s.count - uint64(len(s.events)) + 1; r.next < first {
		lost = first - r.next
		r.next = first
	}
	for _, e := range s.events[len(s.events)-int(s.count-r.next+1):] {
		if r.wants(&e.Event) {
			events = append(events, e)
		}
	}
	r.next = s.count + 1
	return events, lost
}

// A PublicReader is a Reader of what anybody may know, for the admin listener.
type PublicReader interface {
	Take() (events []api.Event, lost uint64)
}

// ReadPublic is like Read, for what anybody may know.
func (s *Stream) ReadPublic(groups []string, n int) PublicReader {
	return publicReader{s.Read(groups, n)}
}

type publicReader struct{ from *Reader }

func (r publicReader) Take() ([]api.Event, uint64) {
	events, lost := r.from.Take()
	out := make([]api.Event, len(events))
	for i := range events {
		out[i] = events[i].Public()
	}
	return out, lost
}

// Wait returns once there is an event that has not been taken, or ctx is done.
func (r *Reader) Wait(ctx context.Context) {
	s := r.stream
	s.mu.Lock()
	if s.count >= r.next {
		s.mu.Unlock()
		return
	}
	if s.more == nil {
		s.more = make(chan struct{})
	}
	more := s.more
	s.mu.Unlock()
	select {
	case <-more:
	case <-ctx.Done():
	}
}
