// Package hook tells programs and addresses outside of the events of a master.
//
// Each hook of the plan has a sender with a queue of its own. It reads the stream of
// events, which never waits for it, and delivers one event after another.
package hook

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// Options are what a Notifier needs. All but Output are required.
type Options struct {
	Events  *event.Stream
	Log     *slog.Logger
	Config  string        // the absolute path of the configuration
	Version string        // of ldcorn
	Output  worker.Output // receives what programs print; nil discards it
}

// A Notifier delivers events to the hooks of the plan in effect. Its methods are safe for
// concurrent use.
type Notifier struct {
	opts    Options
	host    string
	pause   func(try int) time.Duration // before a try of an address
	running sync.WaitGroup

	mu      sync.Mutex // guards all below
	senders []*sender  // in the order of the plan
	closed  bool
	past    map[string]Counts // of senders that are no more, by name
}

// Counts are how many events a hook has got, or not.
type Counts struct {
	Delivered, Failed, Dropped uint64
}

// New returns a Notifier without hooks.
func New(opts Options) *Notifier {
	host, _ := os.Hostname() // "" if it has none
	return &Notifier{opts: opts, host: host, pause: pause, past: make(map[string]Counts)}
}

// Use makes the hooks of a plan the hooks from now on. A hook that stays keeps its queue.
// One that goes delivers nothing more, and what it runs is ended.
func (n *Notifier) Use(p *plan.Plan) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	before := n.senders
	n.senders = nil
	for i := range p.OnEvent {
		h := &p.OnEvent[i]
		at := slices.IndexFunc(before, func(s *sender) bool { return s.hook.Equal(h) })
		if at < 0 {
			n.senders = append(n.senders, n.start(h))
		} else {
			n.senders = append(n.senders, before[at])
			before = slices.Delete(before, at, at+1)
		}
		n.senders[i].group.Store(p.GroupOf(&h.Command))
	}
	for _, s := range before {
		s.giveUp()
		n.past[s.name] = sum(n.past[s.name], s.counts())
	}
}

// start starts the sender of a hook.
func (n *Notifier) start(h *plan.Hook) *sender {
	s := newSender(n, h)
	if h.IsWebhook() {
		s.deliver = newWebhook(h, n.opts.Version, n.pause).post
	} else {
		s.deliver = s.runProgram
	}
	n.running.Go(s.read)
	n.running.Go(s.send)
	return s
}

// Close delivers the events that there are, within a limit or until hurry is closed, and
// ends all senders.
func (n *Notifier) Close(limit time.Duration, hurry <-chan struct{}) {
	n.mu.Lock()
	n.closed = true
	senders := n.senders
	n.mu.Unlock()
	for _, s := range senders {
		s.finish()
	}
	done := make(chan struct{})
	go func() { defer close(done); n.running.Wait() }() // ends with the senders, below
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return
	case <-timer.C:
	case <-hurry:
	}
	for _, s := range senders {
		s.giveUp()
	}
	<-done
}

// Counts returns the counts of all hooks since the start, by name.
func (n *Notifier) Counts() map[string]Counts {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := make(map[string]Counts)
	for name, c := range n.past {
		out[name] = c
	}
	for _, s := range n.senders {
		out[s.name] = sum(out[s.name], s.counts())
	}
	return out
}

func sum(a, b Counts) Counts {
	return Counts{a.Delivered + b.Delivered, a.Failed + b.Failed, a.Dropped + b.Dropped}
}

// runProgram runs the program of a hook for an event.
func (s *sender) runProgram(ctx context.Context, body []byte) error {
	group := s.group.Load()
	cmd, err := worker.CommandOf(&s.hook.Command, group, filepath.Dir(s.n.opts.Config))
	if err != nil {
		return err
	}
	cmd.Stdin, cmd.Output, cmd.Hurry = body, s.n.opts.Output, ctx.Done()
	cmd.Source = worker.Source{Group: group.Name, Command: "on_event", Ready: true}
	return cmd.Run(ctx)
}
