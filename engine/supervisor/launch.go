package supervisor

import "context"

// A launch is members that are started together, none of them in service yet.
type launch struct {
	members []*member
	reports chan report
}

// newLaunch returns a launch of that many members at most: a member reports
// once, and never waits for whom it tells.
func newLaunch(most int) *launch { return &launch{reports: make(chan report, most)} }

// await calls ready for each member that has become so, and returns once all
// are, or one is not.
func (l *launch) await(ctx context.Context, ready func(*member)) error {
	for range l.members {
		select {
		case r := <-l.reports:
			if r.err != nil {
				return r.err
			}
			ready(r.member)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for _, m := range l.members {
		if hasEnded(m) {
			return m.died()
		}
	}
	return nil
}

// died is the error where a member was ready and has ended too soon.
func (m *member) died() *StartError {
	return &StartError{Pool: m.group.name, Worker: m.index, Err: errDied, Stderr: m.proc.Stderr()}
}

// hasEnded reports whether a member that was ready has ended.
func hasEnded(m *member) bool {
	select {
	case <-m.proc.Exited():
		return true
	default:
		return false
	}
}
