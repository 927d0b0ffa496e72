package proxy

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/request"
)

// An exchange is the state of one connection while it is served: a request
// and its answer at a time. It is reused, so that a request allocates
// nothing.
type exchange struct {
	p    *Proxy
	t    netloop.Task
	c    netloop.Conn
	snap *Snapshot

	// The client's side.
	in      buffer // a head, what follows it, and the next heads
	read    bool   // c has been read in this call of Serve
	req     http1.Request
	view    request.View // of req, for matchers and keys
	from    sender       // of req
	ownHost []byte       // backs the host of a req that names none
	headLen int
	id      []byte // X-Request-ID: the client's, or idBuf
	idBuf   [idLen]byte
	asked   bool          // 100 Continue was sent
	probed  int           // bytes of the next message to the client that a probe has sent already
	begun   bool          // the answer's head was sent to the client
	gone    bool          // the client takes no more bytes
	stalled bool          // because it took none, or too few, for too long
	keep    bool          // the connection may serve another request
	rec     record        // for the observer
	told    bool          // the observer has it
	retry   time.Duration // when to come again, for a client that gets 503
	key     string        // that the router has chosen the worker by; "" = as the group says
	reply   *plan.Answer  // of the router; nil = some worker's

	toWorker, toClient editor // of the heads on their way
	strip              string // of the path

	// The worker's side.
	claim   pool.Claim
	up      netloop.Conn
	back    buffer        // what was read of up
	heard   bool          // up has said something in this attempt
	headEnd int           // in back, of the head that x.res was parsed from
	broken  bool          // up broke in this attempt, while it was in use
	wary    bool          // such has happened to this request
	limit   time.Duration // for up to begin its answer; 0 = none
	res     http1.Response
	chunks  http1.Chunked
	raw     bool   // the answer to the client ends with the connection
	why     string // what was wrong with the last attempt, for the logs; "" = nothing

	out    []byte // what is being composed for either side
	upload upload
}

func newExchange(p *Proxy) *exchange {
	x := &exchange{p: p}
	x.view = request.View{Head: &x.req, Origin: (*origin)(x)}
	x.upload.x = x
	x.upload.move = x.upload.run
	return x
}

// loadSnapshot takes the newest plan for the request that comes.
func (x *exchange) loadSnapshot() {
	x.snap = x.p.snap.Load()
	x.from.read = false // it is another request, or others are trusted
}

// reset makes the exchange fit for another connection.
func (x *exchange) reset() {
	x.t, x.c, x.snap, x.up, x.id = nil, nil, nil, nil, nil
	x.in.reset()
	x.req.Reset()
	x.view.Release()
	x.rec.Pool, x.reply = nil, nil
	x.toWorker, x.toClient = editor{}, editor{}
	x.read, x.probed = false, 0
	x.dropBack()
	x.res.Reset()
	if cap(x.res.Fields) > maxFields {
		x.res = http1.Response{}
	}
	x.upload.reset()
	if cap(x.out) > maxOut {
		x.out = nil
	}
}

// abandon lets go of all that a panic has left claimed.
func (x *exchange) abandon() {
	x.upload.stop()
	x.closeUp()
	x.claim.Release()
}

// maxOut is how large a reused composing buffer may be.
const maxOut = 64 << 10

// maxFields is how long a reused list of fields may be.
const maxFields = 128

// isHead reports whether the answer has no body, whatever its head says.
func (x *exchange) isHead() bool { return string(x.req.Method) == "HEAD" }

// dropBack returns the buffer for the worker's answer, and what is in it.
func (x *exchange) dropBack() {
	x.p.putBody(&x.back)
}

// closeUp gives up the worker's connection.
func (x *exchange) closeUp() {
	if x.up != nil {
		x.up.Close()
		x.up = nil
	}
}

// finishUp ends the worker's part of the exchange: the slot goes back, and
// the connection with it where it is fit for another request. A second call
// does nothing.
func (x *exchange) finishUp(reusable bool) {
	w := x.claim.Worker()
	if x.up != nil && reusable && w != nil {
		w.PutIdle(x.up, x.t.Now().Add(upstreamIdle))
		x.up = nil
	}
	x.closeUp()
	x.claim.Release()
}
