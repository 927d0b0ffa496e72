package netloop

import "time"

// behindTime is how long the tasks that have used up their turns may keep the
// loop from looking for events, however many they are. One of them always
// goes on.
const behindTime = Time(time.Millisecond)

// fallBehind has a task resumed after everything else that there is to do.
func (l *loop) fallBehind(t *etask) {
	t.behind = true
	l.behind = append(l.behind, t)
}

// runBehind resumes tasks that have fallen behind, in their order, for
// behindTime. Those that fall behind meanwhile come after the next events.
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

// giveWay lets the others go first where the task has used up its turn.
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

// later has a connection's work go on in a task that comes behind the others.
func (c *econn) later(work func(*etask)) {
	t := c.loop.task(work)
	t.conn = c
	c.loop.fallBehind(t)
}
