package proxy

import (
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/buffer"
	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/result"
)

// TestAheadLost checks that an answer of which the disk has lost a part is cut, and is
// not taken for one without a worker.
func TestAheadLost(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		d := newFakeDisk(t, diskGoes)
		recs := make(chan result.Result, 4)
		r := narrowRig(t, driver, buffered(t, 16*megabyte), d.keeps, func(o *Options) {
			o.Observer = observerFunc(func(rec *result.Result) { recs <- *rec })
		})
		r.hasDisk()
		u := r.worker("default", saying(framings[0].frame(bodyText(megabyte))))
		c := r.reader()
		c.say(http1test.Get("/much"))
		r.inStage(1, StageSending)
		d.set(diskLoses)
		assert.Less(t, len(c.rest()), megabyte)
		rec := <-recs
		assert.Equal(t, result.KindCut, rec.Kind)
		assert.Equal(t, "the server has lost a part of the answer", rec.Reason)
		r.emptyAgain()
		r.idleAgain(u)
	})
}

// TestAheadDiskTakesNothing checks that an answer whose disk makes no progress is
// relayed as its client takes it, with its slot, and that the event loop serves
// others meanwhile.
func TestAheadDiskTakesNothing(t *testing.T) {
	eachFraming(t, func(t *testing.T, driver string, f framing) {
		d := newFakeDisk(t, diskHangs)
		p := buffered(t, 16*megabyte)
		p.Groups[0].MaxReqPerWorker = 2
		r := narrowRig(t, driver, p, d.keeps)
		r.hasDisk()
		body := bodyText(2 * megabyte)
		u := r.worker("default", saying(f.frame(body)))
		c := r.reader()
		c.say(http1test.Get("/much"))
		soon(t, func() bool { return d.hanging() > 0 }, "nothing is on its way to the disk")
		r.serves()
		soon(t, func() bool { return r.proxy.buffers.Stats().Refused[buffer.RefusedStalled] > 0 }, "it waits for the disk")
		r.serves()
		requests, _ := u.worker.InFlight()
		assert.Equal(t, 1, requests, "the worker waits for the client")
		c.open()
		_, got := c.hear("GET")
		sameBody(t, body, got)
		r.idleAgain(u)
		d.set(diskGoes)
		r.emptyAgain()
	})
}

// serves checks that another client of a rig gets an answer.
func (r *rig) serves() {
	r.t.Helper()
	c := r.client()
	c.say(http1test.Get("/"))
	_, body := c.hear("GET")
	assert.Equal(r.t, "hello", body)
}

// TestAheadDiskPauses checks that an answer on a disk that hangs for a while comes
// whole, without its slot, and that the event loop serves others meanwhile.
func TestAheadDiskPauses(t *testing.T) {
	eachFraming(t, func(t *testing.T, driver string, f framing) {
		d := newFakeDisk(t, diskGoes)
		r := narrowRig(t, driver, buffered(t, 16*megabyte), d.keeps)
		r.hasDisk()
		body := bodyText(megabyte)
		u := r.worker("default", saying(f.frame(body)))
		c := r.reader()
		c.say(http1test.Get("/much"))
		r.inStage(1, StageSending)
		r.idleAgain(u)
		d.set(diskGulps)
		c.open()
		end := make(chan string)
		go func() {
			_, got := c.hear("GET")
			end <- got
		}()
		soon(t, func() bool { return d.hanging() > 0 }, "it does not wait for the disk")
		r.serves()
		d.set(diskGoes)
		sameBody(t, body, <-end)
		r.idleAgain(u)
		r.emptyAgain()
	})
}

// TestAheadDiskGivesNothing checks that an answer on a disk that hangs for too long
// is cut, which frees its slot if the app still works on it, and that the event loop
// serves others meanwhile. Other answers on that disk are cut without a wait.
func TestAheadDiskGivesNothing(t *testing.T) {
	for _, whole := range []bool{true, false} {
		t.Run(fmt.Sprint("whole ", whole), func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				recs := make(chan result.Result, 8)
				d := newFakeDisk(t, diskGoes)
				p := buffered(t, 16*megabyte)
				p.Groups[0].MaxReqPerWorker = 3
				r := narrowRig(t, driver, p, d.keeps, impatient, func(o *Options) {
					o.Observer = observerFunc(func(rec *result.Result) { recs <- *rec })
				})
				r.hasDisk()
				answer := framings[0].frame(bodyText(megabyte))
				if !whole {
					answer = answer[:len(answer)-1]
				}
				u := r.worker("default", saying(answer))
				readers := []*client{r.reader(), r.reader()}
				for _, c := range readers {
					c.say(http1test.Get("/much"))
				}
				if whole {
					r.inStage(2, StageSending)
					r.idleAgain(u)
				}
				soon(t, func() bool { return r.kept() > 3*megabyte/2 }, "they are not kept")
				r.serves()
				<-recs
				d.set(diskGulps)
				for _, c := range readers {
					c.open()
					got := make(chan int)
					go func() {
						n, _ := io.Copy(io.Discard, c.in)
						got <- int(n)
					}()
					soon(t, func() bool { return d.hanging() > 0 }, "it does not wait for the disk")
					r.serves()
					assert.Less(t, <-got, megabyte)
					rec := <-recs
					for rec.Kind == "" { // of the other request
						rec = <-recs
					}
					assert.Equal(t, result.KindCut, rec.Kind)
					assert.Equal(t, "the server has lost a part of the answer", rec.Reason)
				}
				assert.Equal(t, 1, d.hanging(), "the second one does not wait")
				r.idleAgain(u)
				d.set(diskGoes)
				r.emptyAgain()
			})
		})
	}
}
