package judge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/api"
)

// The event loop of a worker takes every connection at once, whatever the app does, if
// the loop is free. So a worker that has had a request for a while gets a knock: a
// connection that ends without a request, which Uvicorn closes without telling the app.
// One that stays open has found a blocked loop.
const (
	suspicious = 1.0                    // seconds that a worker has had a request until it gets a knock
	patience   = 900 * time.Millisecond // for the answer to a knock: less than the time between two looks
	mostPause  = 3 * time.Second        // between two knocks at a worker that answers
	mostKnocks = 64                     // at a time, at all workers
)

// A door is what is known of the event loop of a worker from knocks.
type door struct {
	knock *knock // that was not answered when it was last looked at; nil for none
	next  time.Time
	pause time.Duration
}

// A knock is one that is under way.
type knock struct {
	begun    time.Time
	over     chan struct{} // closed once it was answered, or could not be made
	answered bool          // may be read once over is closed
}

// blocked returns the workers of a group whose event loop is blocked.
func (j *Judge) blocked(s *sight, t *track, g *api.GroupStatus) (out []api.Incident) {
	for i := range g.Workers {
		w := &g.Workers[i]
		seat := t.seats[w.Index]
		if seat == nil || seat.pid != w.PID || w.Socket == "" {
			continue
		}
		has := working(s.hand[holder{g.Name, w.Index, w.PID}])
		if j.isBlocked(s, seat, w.Socket, has) {
			out = append(out, blockedLoop(s, g, w, seat, has))
		}
	}
	return out
}

// working returns the requests that a worker has not begun to answer.
func working(all []*api.Request) (out []*api.Request) {
	for _, r := range all {
		if r.Stage == api.StageWorking {
			out = append(out, r)
		}
	}
	return out
}

// isBlocked looks after the knocks at a worker with requests.
func (j *Judge) isBlocked(s *sight, seat *seat, socket string, has []*api.Request) bool {
	if k := seat.knock; k != nil {
		select {
		case <-k.over:
			if seat.knock = nil; k.answered {
				seat.alive = s.now
			}
			seat.pause = min(max(2*seat.pause, time.Second), mostPause)
			seat.next = s.now.Add(seat.pause)
		default:
			return len(has) > 0 && s.now.Sub(k.begun) >= patience
		}
	}
	if len(has) == 0 || has[0].Held < suspicious {
		seat.pause = 0
		return false
	}
	if !s.now.Before(seat.next) && j.knocking.Load() < mostKnocks {
		seat.knock = j.knockAt(s.ctx, socket, s.now)
	}
	return false
}

// knockAt begins a knock.
func (j *Judge) knockAt(ctx context.Context, socket string, now time.Time) *knock {
	k := &knock{begun: now, over: make(chan struct{})}
	j.knocking.Add(1)
	j.knockers.Go(func() {
		defer close(k.over)
		defer j.knocking.Add(-1)
		k.answered = answers(ctx, socket)
	})
	return k
}

// answers knocks, and waits for the answer. It returns false if the worker is gone, or
// ctx is done.
func answers(ctx context.Context, socket string) bool {
	conn, err := dial(ctx, socket)
	if err != nil {
		return false
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if err := conn.CloseWrite(); err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, conn)
	return err == nil
}

// dial connects to a worker. A worker that has not taken connections for long has no
// place for another one, which is worth waiting for.
func dial(ctx context.Context, socket string) (*net.UnixConn, error) {
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "unix", socket)
		if err == nil {
			return conn.(*net.UnixConn), nil
		}
		if !errors.Is(err, unix.EAGAIN) {
			return nil, err
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// blockedLoop describes a worker whose loop is blocked.
func blockedLoop(s *sight, g *api.GroupStatus, w *api.WorkerStatus, seat *seat, has []*api.Request) api.Incident {
	by := suspect(s.now, seat, has)
	since := s.now.Add(-seconds(by.Held))
	if seat.alive.After(since) {
		since = seat.alive
	}
	index := w.Index
	in := api.Incident{Kind: api.IncidentBlocked, Mood: api.MoodBad, Group: g.Name, Worker: &index, PID: w.PID, Since: since, Title: "blocked event loop",
		Cause:    "one request blocks the worker" + used(seat.cpu) + ", " + count(len(has), "request") + " in hand",
		Requests: fmt.Sprintf("%s %s (id %s)", by.Method, by.Path, by.ID),
		Advice:   showWorker(g.Name, w.Index) + ", " + replaceWorker(g.Name, w.Index)}
	if p := s.plan.Group(g.Name); p != nil && !p.DumpOnStuck {
		in.Advice += "; slow_request and dump_on_stuck log the line of code"
	}
	return in
}

// suspect returns the request that blocks a loop: the oldest of those that came after
// the loop last worked, or else the last one that came before the knock.
func suspect(now time.Time, seat *seat, has []*api.Request) *api.Request {
	const slack = 200 * time.Millisecond // the loop worked after it was seen
	for _, r := range has {
		if begun := now.Add(-seconds(r.Held)); begun.After(seat.alive.Add(-slack)) {
			return r
		}
	}
	last := has[0]
	for _, r := range has {
		if seat.knock != nil && now.Add(-seconds(r.Held)).Before(seat.knock.begun) {
			last = r
		}
	}
	return last
}

// used says whether a blocked worker computes or waits.
func used(cpu []float32) string {
	if len(cpu) == 0 || cpu[len(cpu)-1] != cpu[len(cpu)-1] {
		return ""
	}
	switch v := cpu[len(cpu)-1]; {
	case v >= 0.7:
		return fmt.Sprintf(", and computes (CPU %.0f%%)", v*100)
	case v <= 0.2:
		return fmt.Sprintf(", and waits without await (CPU %.0f%%)", v*100)
	default:
		return fmt.Sprintf(" (CPU %.0f%%)", v*100)
	}
}
