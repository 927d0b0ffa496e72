package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/notify"
	"github.com/ldcorn/ldcorn/engine/proxy"
	"github.com/ldcorn/ldcorn/engine/supervisor"
)

const (
	statusEvery = time.Second      // between two looks at what the service manager should show
	extendEvery = 10 * time.Second // between two messages that a start goes on
	extendBy    = 30 * time.Second // how long the manager waits for the next
)

// A standing is what the service manager is told of a master.
type standing struct {
	manager   *notify.Manager
	log       *slog.Logger
	sup       *supervisor.Supervisor
	px        *proxy.Proxy
	reloads   *reloader
	leave     *departure
	incidents func() []api.Incident
}

// text says in one line what the master does.
func (s *standing) text() string {
	if st := s.leave.stopping(); st != nil {
		return stoppingText(st)
	}
	now, generation := s.sup.InEffect()
	last, running := s.reloads.publicState() // everybody can see it
	switch {
	case !s.reloads.serving():
		return startingText(s.sup.Activity())
	case running != nil && running.What == api.RunningReload:
		return fmt.Sprintf("reloading; generation %d serves meanwhile", generation)
	}
	workers := 0
	for _, g := range now.Groups {
		workers += g.Instances
	}
	out := fmt.Sprintf("generation %d: %s, %s", generation, counted(len(now.Groups), "group"), counted(workers, "worker"))
	if all := s.incidents(); len(all) > 0 {
		out += fmt.Sprintf("; %s of group %s: %s", all[0].Title, all[0].Group, all[0].Cause)
	}
	if last != nil && last.Failed != "" {
		out += "; the last reload failed: " + last.Failed
	}
	return out
}

func startingText(a *supervisor.Activity) string {
	if a == nil || len(a.Waits) == 0 {
		return "starting"
	}
	out := "starting: group " + a.Waits[0] + " is not ready"
	if more := len(a.Waits) - 1; more > 0 {
		out = fmt.Sprintf("starting: group %s and %d more are not ready", a.Waits[0], more)
	}
	if a.Reason != "" {
		out += ": " + a.Reason
	}
	return out
}

func stoppingText(s *api.Stopping) string {
	if s.Until.IsZero() {
		return "stopping: " + s.Reason
	}
	return "stopping soon: " + s.Reason
}

func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// keep tells the manager that a start goes on, which startup_timeout limits, and keeps the
// status up to date, until ctx is done.
func (s *standing) keep(ctx context.Context) {
	if !s.manager.Present() {
		return
	}
	look, extend := time.NewTicker(statusEvery), time.NewTicker(extendEvery)
	defer look.Stop()
	defer extend.Stop()
	for {
		select {
		case <-look.C:
			s.manager.Status(s.text())
		case <-extend.C:
			if !s.reloads.serving() {
				s.manager.Extend(extendBy)
			}
		case <-ctx.Done():
			return
		}
	}
}

// reloaded tells the manager that a reload is over. err is why it failed, or nil.
func (s *standing) reloaded(err error) {
	s.manager.Ready(s.text(), failureOf(err))
}

// failureOf returns the error of a reload, or nil if it only was not carried out.
func failureOf(err error) error {
	if errors.Is(err, errNewer) || errors.As(err, new(refusal)) {
		return nil
	}
	return err
}

// stops tells the manager that the master stops.
func (s *standing) stops(reason string) {
	var limit time.Duration
	if now, _ := s.sup.InEffect(); now != nil {
		limit = now.StopLimit()
	}
	s.manager.Stopping("stopping: "+reason, limit)
}

// guard feeds the watchdog once clients are served. A stop has limits of its own, which
// the manager knows.
func (s *standing) guard(ctx context.Context) {
	select {
	case <-s.reloads.ready:
	case <-ctx.Done():
		return
	}
	s.manager.Guard(ctx, s.healthy, func(err error) {
		s.log.Error("the master hangs", "err", err, "watchdog", s.manager.Watchdog(),
			"reason", "the service manager is not told that it is alive, and ends it after that time")
	})
}

// healthy returns nil once all that serves has answered.
func (s *standing) healthy(ctx context.Context) error {
	if s.leave.stopping() != nil {
		return nil
	}
	err := errors.Join(s.px.Answers(ctx), s.sup.Answers(ctx))
	if s.leave.stopping() != nil {
		return nil
	}
	return err
}
