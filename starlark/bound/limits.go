package bound

import (
	"errors"
	"fmt"

	"go.starlark.net/starlark"
)

// Limits are those of single steps.
type Limits struct {
	For    string // what the messages say that they are for
	Bytes  int    // of a value that a step makes, or walks
	Bits   int    // of a number
	Digits int    // of a number that is read
	Depth  int    // of values in values
	Charge int    // bytes that cost one step
}

// Element is what an element of a list counts for, in bytes.
const Element = 16

// The limits of the two kinds of thread.
var (
	Loading = Limits{For: "a configuration", Bytes: 16 << 20, Bits: 1 << 20, Digits: 100_000, Depth: 1000, Charge: 1 << 12}
	Request = Limits{For: "a request", Bytes: 1 << 20, Bits: 1 << 16, Digits: 20_000, Depth: 200, Charge: 1 << 8}
)

// A Meter holds a thread to the limits of requests. Threads without one have
// those of loading.
type Meter struct {
	Budget uint64 // of steps; a thread that has used it up is told by its OnMaxSteps
}

const meterKey = "ldcorn.bound"

// Attach makes the limits of requests those of a thread.
func (m *Meter) Attach(thread *starlark.Thread) { thread.SetLocal(meterKey, m) }

func meterOf(thread *starlark.Thread) (*Meter, *Limits) {
	if m, ok := thread.Local(meterKey).(*Meter); ok {
		return m, &Request
	}
	return nil, &Loading
}

var errSpent = errors.New("the budget of steps is used up")

// spend charges a thread for a result of so many bytes, or refuses it. What
// says what makes it.
func spend(thread *starlark.Thread, bytes int, what string) error {
	if bytes < 1<<8 { // as small as what any step makes
		return nil
	}
	m, l := meterOf(thread)
	if bytes > l.Bytes {
		return l.tooLarge(what)
	}
	return m.charge(thread, l, bytes)
}

// charge charges a thread for work in the size of so many bytes.
func (m *Meter) charge(thread *starlark.Thread, l *Limits, bytes int) error {
	thread.Steps += uint64(bytes / l.Charge)
	if m != nil && thread.Steps >= m.Budget {
		if thread.OnMaxSteps != nil {
			thread.OnMaxSteps(thread)
		}
		return errSpent
	}
	return nil
}

func (l *Limits) tooLarge(what string) error {
	return fmt.Errorf("%s makes too much for %s; the most is %d bytes, of which an element of a list counts for %d", what, l.For, l.Bytes, Element)
}

func (l *Limits) tooDeep(what string) error {
	return fmt.Errorf("%s has too much to walk through for %s; the most is %d bytes and %d levels", what, l.For, l.Bytes, l.Depth)
}

// times is x*y, or a number above all limits.
func times(x, y int) int {
	const most = 1 << 40
	if x > 0 && y > most/x {
		return most
	}
	return min(x*y, most)
}
