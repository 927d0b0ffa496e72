package supervisor

import (
	"context"
	"errors"
	"fmt"
)

// Answers returns nil once the supervisor's goroutine and that of each group have shown
// that they do not hang, or an error that names one that has not when ctx is done. An
// apply in progress counts as an answer: it has its own limits. It is safe to call from
// any goroutine, while Run runs and after it has returned.
func (s *Supervisor) Answers(ctx context.Context) error {
	if s.activity.Load() == nil {
		select {
		case s.beats <- struct{}{}:
		case <-s.ended:
			return nil
		case <-ctx.Done():
			if s.activity.Load() == nil {
				return errors.New("the supervisor does not answer")
			}
		}
	}
	for name, g := range s.view.Load().groups {
		select {
		case g.inbox <- func() {}:
		case <-g.done:
		case <-ctx.Done():
			return fmt.Errorf("the goroutine of group %q does not answer", name)
		}
	}
	return nil
}
