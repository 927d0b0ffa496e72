package event

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/visible"
)

// kept is how many events a stream keeps.
const kept = 1024

// maxStderr bounds the last words of a worker that an event keeps, in lines.
const maxStderr = 20

// maxReason bounds the reason of an event, in bytes.
const maxReason = 512

// A Stream is the events of one master. The zero Stream is ready for use, and a
// nil one takes events and keeps none. Its methods are safe from any goroutine.
type Stream struct {
	mu     sync.Mutex // guards all below
	events []Event    // the newest, the oldest first
	count  uint64     // events ever
	more   chan struct{}
}

// Emit adds an event. It sets its number, its time and its version, cuts its
// reason to one line of bounded length and its last words to some lines, of which
// it keeps a copy, and never waits for a reader.
func (s *Stream) Emit(e Event) {
	if s == nil {
		return
	}
	e.Reason = oneLine(e.Reason)
	e.Stderr = slices.Clone(e.Stderr[max(len(e.Stderr)-maxStderr, 0):])
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	e.FormatVersion, e.Number, e.At = FormatVersion, s.count, time.Now()
	if len(s.events) == kept {
		copy(s.events, s.events[1:])
		s.events = s.events[:kept-1]
	}
	s.events = append(s.events, e)
	if s.more != nil {
		close(s.more)
		s.more = nil
	}
}

// oneLine returns the beginning of a reason. Where the error of a worker has more
// lines, these are what the worker wrote.
func oneLine(reason string) string {
	line, _, _ := strings.Cut(reason, "\n")
	return visible.Cut(strings.TrimSuffix(line, "; it wrote:"), maxReason)
}

// Newest returns the newest n events that are kept, the oldest of them first.
func (s *Stream) Newest(n int) []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events[max(len(s.events)-n, 0):])
}

// A Reader reads the events of some groups, or all. It is for one goroutine.
type Reader struct {
	stream *Stream
	groups []string // empty = all, and those of the master itself
	next   uint64   // number of the next one to look at
	ends   bool     // EndNow was called
	last   uint64   // number of the last one to take, if it ends
}

// EndNow leaves out the events that come from now on: once the reader has taken
// those that are kept, Take returns nothing.
func (r *Reader) EndNow() {
	r.stream.mu.Lock()
	defer r.stream.mu.Unlock()
	r.ends, r.last = true, r.stream.count
}

// Read returns a reader of the events of some groups, or of all events where
// none is named: of the newest n that are kept, or of all that are if n is
// negative, and of those that come after them.
func (s *Stream) Read(groups []string, n int) *Reader {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &Reader{stream: s, groups: groups, next: s.count + 1}
	for i := len(s.events) - 1; i >= 0 && n != 0; i-- {
		if r.wants(&s.events[i]) {
			r.next = s.events[i].Number
			n--
		}
	}
	return r
}

func (r *Reader) wants(e *Event) bool {
	return len(r.groups) == 0 || slices.Contains(r.groups, e.Group)
}

// Take returns the events that have come since the last call, and how many have
// come that are not kept any more, those of other groups included.
func (r *Reader) Take() (events []Event, lost uint64) {
	s := r.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	if first := s.count - uint64(len(s.events)) + 1; r.next < first {
		lost = first - r.next
		r.next = first
	}
	for _, e := range s.events[len(s.events)-int(s.count-r.next+1):] {
		if r.wants(&e) && !(r.ends && e.Number > r.last) {
			events = append(events, e)
		}
	}
	r.next = s.count + 1
	return events, lost
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
