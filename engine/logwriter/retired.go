package logwriter

import (
	"io"
	"time"
)

// While a write has not ended for stuckAfter, at most maxRetired outputs wait for their last
// lines. The lines for more are lost.
const (
	maxRetired = 4
	stuckAfter = 5 * time.Second
)

// A retired output has been replaced. It still gets the lines of its time.
type retired[O io.WriteCloser] struct {
	out   O
	lines []byte
}

// A retirement is the retired outputs of a Writer that are not closed yet. The mutex of the
// Writer guards it.
type retirement[O io.WriteCloser] struct {
	waiting []retired[O] // those that no flush has taken
	kept    int          // bytes of the lines of all, also of those that are being written
	open    int          // how many there are
	moved   time.Time    // when a flush began or went on to another output, or the first one was added
}

// add adds an output with its last lines.
func (r *retirement[O]) add(out O, lines []byte) {
	if r.open == 0 {
		r.moved = time.Now() // run may have had nothing to do
	}
	r.kept += len(lines)
	r.open++
	r.waiting = append(r.waiting, retired[O]{out, lines})
}

// stuck reports whether as many outputs wait as may, and the write of one does not end.
func (r *retirement[O]) stuck() bool {
	return r.open >= maxRetired && time.Since(r.moved) >= stuckAfter
}

// take returns the outputs that wait, for a flush that begins.
func (r *retirement[O]) take() []retired[O] {
	all := r.waiting
	r.waiting = nil
	r.move()
	return all
}

// move notes that a flush goes on.
func (r *retirement[O]) move() { r.moved = time.Now() }

// remove forgets an output that take has returned, and that is closed.
func (r *retirement[O]) remove(of retired[O]) {
	r.kept -= len(of.lines)
	r.open--
}
