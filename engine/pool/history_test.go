package pool

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// What the models have in common: a history is a row of choices, at random or
// by a fuzzer.

// A history returns the next choice, below n.
type history func(n int) int

// randomHistories runs a test with random histories, of which stream tells those
// of one model from those of another.
func randomHistories(t *testing.T, rounds int, stream uint64, run func(t *testing.T, in history)) {
	if testing.Short() {
		rounds /= 5
	}
	for seed := range uint64(rounds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			run(t, rand.New(rand.NewPCG(seed, stream)).IntN)
		})
	}
}

// fuzzHistories runs a test with the histories of a fuzzer, each with a number of
// steps. It keeps them short, because many short ones find more than a few long
// ones: every step is checked in full.
func fuzzHistories(f *testing.F, run func(t *testing.T, in history, steps int)) {
	for seed := range byte(8) {
		rng := rand.NewChaCha8([32]byte{seed})
		bytes := make([]byte, 64*(1+int(seed)))
		_, _ = rng.Read(bytes)
		f.Add(bytes)
	}
	f.Fuzz(func(t *testing.T, bytes []byte) {
		rest := bytes
		next := func(n int) int {
			if len(rest) == 0 {
				return 0
			}
			b := rest[0]
			rest = rest[1:]
			return int(b) % n
		}
		run(t, next, min(len(bytes)/2, 150))
	})
}

// pick returns one of a list, or nil if it is empty.
func pick[T any](in history, list []*T) *T {
	if len(list) == 0 {
		return nil
	}
	return list[in(len(list))]
}

// pull is pick, and takes it out of the list.
func pull[T any](in history, list *[]*T) *T {
	if len(*list) == 0 {
		return nil
	}
	i := in(len(*list))
	one := (*list)[i]
	*list = slices.Delete(*list, i, i+1)
	return one
}

// modelTask is the task of a claim that a model drives: it never parks, and
// counts each Wake.
type modelTask struct {
	netloop.Task
	now   *netloop.Time
	wakes int
	told  func() // by Wake, if not nil
}

func (t *modelTask) Now() netloop.Time { return *t.now }

func (t *modelTask) Wake() {
	t.wakes++
	if t.told != nil {
		t.told()
	}
}

// enterNow claims a slot as Claim does, but does not wait. then, if not nil, is
// called before anything else can happen in the pool.
func (p *Pool) enterNow(t netloop.Task, c *Claim, avoid *Worker, then func(err error)) error {
	p.mu.Lock()
	defer p.unlock()
	err := p.enter(t, c, avoid)
	if then != nil {
		then(err)
	}
	return err
}

// leaveNow ends the wait of a claim as a client that leaves does.
func (p *Pool) leaveNow(c *Claim, err error) {
	p.mu.Lock()
	defer p.unlock()
	p.leave(c, err)
}
