package bound

import (
	"errors"
	"fmt"

	"go.starlark.net/starlark"
)

// Limits apply to single steps.
type Limits struct {
	For    string // the purpose that messages name
	Bytes  int    // size of a value that a step makes or walks
	Bits   int    // size of a number
	Digits int    // length of a number in a text
	Depth  int    // levels of nested values
	Charge int    // bytes that cost one step
}

// Element is the number of bytes that an element of a list counts as.
const Element = 16

// These are the limits of the two kinds of thread.
var (
	Loading = Limits{For: "a configuration", Bytes: 16 << 20, Bits: 1 << 20, Digits: 100_000, Depth: 1000, Charge: 1 << 12}
	Request = Limits{For: "a request", Bytes: 1 << 20, Bits: 1 << 16, Digits: 20_000, Depth: 200, Charge: 1 << 8}
)

// A Meter applies the limits of requests to a thread. A thread without one has
// the limits of loading.
type Meter struct {
	Budget uint64 // in steps; OnMaxSteps tells a thread that has used it up
}

const meterKey = "ldcorn.bound"

// Attach applies the limits of requests to a thread.
func (m *Meter) Attach(thread *starlark.Thread) { thread.SetLocal(meterKey, m) }

func meterOf(thread *starlark.Thread) (*Meter, *Limits) {
	if m, ok := thread.Local(meterKey).(*Meter); ok {
		return m, &Request
	}
	return nil, &Loading
}

var errSpent = errors.New("the step budget is used up")

// Spend charges a thread for data of the given number of bytes that a word has read, or
// refuses it. What names the operation.
func Spend(thread *starlark.Thread, bytes int, what string) error { return spend(thread, bytes, what) }

// spend charges a thread for a result of the given number of bytes, or refuses
// it. What names the operation.
func spend(thread *starlark.Thread, bytes int, what string) error {
	if bytes < 1<<8 { // no larger than the result of any step
		return nil
	}
	m, l := meterOf(thread)
	if bytes > l.Bytes {
		return l.tooLarge(what)
	}
	return m.charge(thread, l, bytes)
}

// charge charges a thread for work on the given number of bytes.
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
	return fmt.Errorf("%s is too much for %s; the limit is %d bytes, and each element of a list counts as %d", what, l.For, l.Bytes, Element)
}

func (l *Limits) tooDeep(what string) error {
	return fmt.Errorf("%s is too large for %s; the limit is %d bytes and %d levels of nesting", what, l.For, l.Bytes, l.Depth)
}

// times returns x*y, or a number above all limits if that overflows.
func times(x, y int) int {
	const most = 1 << 40
	if x > 0 && y > most/x {
		return most
	}
	return min(x*y, most)
}
