//go:build !portable

package netloop

import "time"

// behindTime is how long the tasks that have used up their turns can keep the
// loop from looking for events, however many there are. At least one of them
// always runs.
const behindTime = Time(time.Millisecond)

// fallBehind schedules a task to resume after all other pending work.
func (l *loop) fallBehind(t *etask) {
	t.behind = true
	l.behind = append(l.behind, t)
}

// runBehind resumes the tasks that have fallen behind, in order, for at most
// behindTime. Tasks that fall behind meanwhile run after the next events.
func (l *loop) runBehind() {
	n, done := len(l.behind), 0
	if n == 0 {
		return
	}
	for until := Now() + behindTime; done < n; {
		t := l.behind[done]
		done++
		t.behind = false
		t.resume(nil)
		if Now() >= until {
			break
		}
	}
	left := copy(l.behind, l.behind[done:])
	clear(l.behind[left:])
	l.behind = l.behind[:left]
}

// giveWay lets other tasks go first if this task has used up its turn.
func (t *etask) giveWay() {
	if !t.over() {
		return
	}
	t.loop.fallBehind(t)
	for t.behind {
		if !t.yield(struct{}{}) {
			return
		}
	}
}

// later continues a connection's work in a task that runs after all other
// pending work.
func (c *econn) later(work func(*etask)) {
	t := c.loop.task(work)
	t.conn = c
	c.loop.fallBehind(t)
}
