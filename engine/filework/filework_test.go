package filework_test

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/filework"
)

// work is a piece of work that is a function.
type work func()

func (w work) Do() { w() }

// TestQueue checks that work is done in order, by a bounded number of goroutines,
// and that the queue tells when it is busy and when it is idle.
func TestQueue(t *testing.T) {
	var busy atomic.Int32
	idle, done := make(chan struct{}), make(chan struct{})
	q := filework.New(func() func() {
		busy.Add(1)
		return func() { close(done) }
	}, func() { idle <- struct{}{} })
	hang, hung := make(chan struct{}), make(chan struct{})
	for range filework.Workers {
		q.Add(work(func() {
			hung <- struct{}{}
			<-hang
		}))
	}
	for range filework.Workers {
		<-hung
	}
	const more = 5000
	var did atomic.Int32
	last := make(chan struct{})
	for i := range more {
		q.Add(work(func() {
			did.Add(1)
			if i == more-1 {
				close(last)
			}
		}))
	}
	assert.Equal(t, more, q.Len(), "all goroutines wait for the disk")
	assert.Zero(t, did.Load())
	close(hang)
	<-last
	<-idle
	assert.Zero(t, q.Len())
	require.EqualValues(t, more, did.Load())
	<-done
	assert.EqualValues(t, 1, busy.Load(), "the goroutines said once that they work")
}

// TestQueueDuringIdle checks that work which comes while the queue becomes idle is
// done.
func TestQueueDuringIdle(t *testing.T) {
	var q *filework.Queue
	first, second := make(chan struct{}), make(chan struct{})
	var once atomic.Bool
	q = filework.New(nil, func() {
		if once.CompareAndSwap(false, true) {
			q.Add(work(func() { close(second) }))
		}
	})
	q.Add(work(func() { close(first) }))
	<-first
	<-second
}
