package proxy

import (
	"bufio"
	"fmt"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/buffer"
	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/result"
)

// TestReceive_Disk checks that a body that does not fit in memory waits in a file,
// and can be sent again from there.
func TestReceive_Disk(t *testing.T) {
	text := bodyText(3_000_000)
	for framing, body := range map[string]string{
		"Content-Length: 3000000\r\n":    text,
		"Transfer-Encoding: chunked\r\n": fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(text), text),
	} {
		t.Run(framing, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				r := newRig(t, driver, onDisk(t, takesIn(t, 16<<20)))
				r.hasDisk()
				s := newSlow()
				busy := r.worker("default", s.serve)
				other, cl := r.client(), r.client()
				other.say(http1test.Get("/"))
				<-s.began
				cl.say("PUT / HTTP/1.1\r\nHost: a\r\n" + framing + "\r\n")
				r.inStage(1, StageReceiving)
				cl.say(body)
				soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "queued")
				stats := r.proxy.buffers.Stats()
				assert.Less(t, stats.Memory, int64(200_000))
				assert.InDelta(t, len(text), stats.Memory+stats.Disk, 100_000)
				another := make(chan struct{})
				first := r.worker("default", func(c net.Conn, in *bufio.Reader) {
					reads(c, in)
					<-another
				})
				r.pools["default"].Swap(nil, workersOf([]*upstream{busy}))
				got := make(chan [2]string, 1)
				soon(t, func() bool { return first.heads() == 1 }, "not sent")
				r.worker("default", keeping(got))
				close(another)
				s.say <- hello
				other.hear("GET")
				head, answer := cl.hear("PUT")
				assert.Contains(t, head, " 200 ")
				assert.Equal(t, "hello", answer)
				had := <-got
				assert.Contains(t, had[0], "\r\n"+framing)
				assert.True(t, text == had[1])
				r.emptyAgain()
			})
		})
	}
}

// TestReceive_StuckDisk checks that requests whose bodies wait for a disk that makes
// no progress go on without it, and that no others wait at all.
func TestReceive_StuckDisk(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		d := newFakeDisk(t, diskHangs)
		r := newRig(t, driver, onDisk(t, takesIn(t, 16<<20)), d.keeps)
		r.hasDisk()
		got := make(chan [2]string, 1)
		u := r.worker("default", keeping(got))
		text := bodyText(1_000_000)
		for i := range 3 {
			cl, other := r.client(), r.client()
			cl.say(http1test.Post("Content-Length: 1000000\r\n"))
			r.inStage(1, StageReceiving)
			if i == 0 {
				cl.say(text[:70_000])
				soon(t, func() bool { return r.proxy.buffers.Stats().Memory > 64<<10 }, "nothing is on its way to the disk")
				text = text[70_000:]
			}
			other.say(http1test.Get("/"))
			_, answer := other.hear("GET")
			assert.Equal(t, "hello", answer)
			<-got
			cl.say(text)
			text = bodyText(1_000_000)
			_, answer = cl.hear("POST")
			assert.Equal(t, "hello", answer)
			assert.True(t, text == (<-got)[1])
		}
		assert.Positive(t, r.proxy.buffers.Stats().Refused[buffer.RefusedStalled])
		d.set(diskGoes)
		r.emptyAgain()
		r.idleAgain(u)
	})
}

// TestReceive_LostBody checks what becomes of a request whose body cannot be read
// again: it gets an answer, and no slot if that turns out before.
func TestReceive_LostBody(t *testing.T) {
	for _, late := range []bool{false, true} {
		t.Run(fmt.Sprint("while it waits ", late), func(t *testing.T) {
			eachDriver(t, func(t *testing.T, driver string) {
				d := newFakeDisk(t, diskGoes)
				recs := make(chan result.Result, 4)
				r := newRig(t, driver, onDisk(t, takesIn(t, 16<<20)), d.keeps, func(o *Options) {
					o.Observer = observerFunc(func(rec *result.Result) { recs <- *rec })
				})
				r.hasDisk()
				s := newSlow()
				u := r.worker("default", s.serve)
				busy, cl := r.client(), r.client()
				busy.say(http1test.Get("/"))
				<-s.began
				cl.say(http1test.Post("Content-Length: 1000000\r\n"))
				r.inStage(1, StageReceiving)
				if !late {
					d.set(diskLoses)
				}
				cl.say(bodyText(1_000_000))
				if late {
					soon(t, func() bool { return r.pools["default"].Queued() == 1 }, "queued")
					d.set(diskLoses)
					s.say <- hello
					busy.hear("GET")
				}
				head, body := cl.hear("POST")
				assert.Contains(t, head, " 503 ")
				assert.Contains(t, body, "the server has lost the request body")
				rec := <-recs
				for rec.Kind == "" { // of the other request
					rec = <-recs
				}
				assert.Equal(t, result.KindUnavailable, rec.Kind)
				if !late {
					assert.Equal(t, -1, rec.Worker)
					s.say <- hello
					busy.hear("GET")
				}
				r.emptyAgain()
				r.idleAgain(u)
			})
		})
	}
}
