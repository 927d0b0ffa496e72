package proxy

import (
	"cmp"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/ratelimit"
	"github.com/ldcorn/ldcorn/engine/request"
)

// A Request is served from its head to the end of its answer: it is routed,
// waits for a slot, and goes to a worker, or to several one after the other. A
// Request is used again for the next one, so that serving allocates nothing.
//
// Everything about a request is taken from one snapshot. Only a request whose
// group a reload has removed while it waited is decided again, by the new one. A
// smaller max_body_size does not apply to it, because its body was accepted.
type Request struct {
	p      *Proxy
	client Client
	t      netloop.Task
	head   *head.Request
	snap   *Snapshot
	by     *listener // that the request came by, in snap

	view  request.View // of head, for matchers and keys
	from  sender
	id    []byte // X-Request-ID: the client's, or idBuf
	idBuf [idLen]byte

	key                string         // by which the router chose the worker; "" leaves the choice to the group
	fair               string         // the key that the router gave for the turns in the queue; "" leaves it to the group
	matched            *plan.Route    // nil if the router decided
	override           *plan.Override // the settings of the route or the router for this request; may be nil
	reply              *plan.Answer   // nil if the router gave none
	static             *plan.Static   // whose file answers; nil = none does
	file               fileAnswer     // of static
	toWorker, toClient editor         // of the heads on their way
	strip              string         // of the path

	trace       head.TraceContext // that the app is told; zero leaves the client's fields as they are
	traceBegins bool              // with this request

	upload  upload
	attempt attempt
	bond    bond
	wary    bool  // a worker's connection has broken under this request
	retry   int64 // seconds until a client that gets 429 or 503 should come again
	counted bool  // for the rate limits

	answer  AnswerHead // the one being sent; kept here so that it is not allocated
	begun   bool       // some of the final answer was sent
	gone    bool       // the client takes no more bytes
	stalled bool       // because it took too few bytes for too long
	rec     record     // for the observer
	told    bool       // the observer has it
	hand    hand       // what others may see
	hands   *handList  // has the request; nil if none has

	checks [maxChecks]ratelimit.Check // kept here so that they are not allocated

	out    []byte // what is being composed for the worker, or the body of an error
	logged []byte // the fields of the answer for the observer, if it wants them
}

// An Ending is how a request ended for its client.
type Ending uint8

const (
	Answered Ending = iota // the client has the whole answer
	Cut                    // the client has none, or a part that must not look like all of it
	Tunneled               // Client.Tunnel was called
)

// NewRequest returns a Request whose client is c. It can serve one request
// after the other.
func (p *Proxy) NewRequest(c Client) *Request {
	r := &Request{p: p, client: c}
	r.hand.place.of = r
	r.view.Origin = (*origin)(r)
	r.attempt.init(r)
	r.upload.r = r
	r.upload.move = r.upload.run
	return r
}

// Snapshot returns the newest snapshot.
func (p *Proxy) Snapshot() *Snapshot { return p.snap.Load() }

// Serve serves the request with a head, which must not change meanwhile, by a
// snapshot. It returns when the request needs no task any more.
func (r *Request) Serve(t netloop.Task, s *Snapshot, head *head.Request) Ending {
	r.t, r.head = t, head
	r.begun, r.gone, r.stalled, r.told, r.wary, r.counted = false, false, false, false, false, false
	r.attempt.why, r.attempt.held = "", 0
	r.retry = 0
	t.Spend(requestPieces)
	r.rec.begin(t.Now())
	r.setID()
	r.follow(s)
	r.setTrace()
	bad := r.upload.begin()
	r.take()
	err := r.relayRequest(bad)
	end := r.conclude(err)
	r.upload.release()
	r.upload.over.End()
	r.drop()
	r.observeEnd(err)
	if end == Tunneled {
		r.attempt.handOver() // a driver can return when the tunnel has ended
	}
	return end
}

// follow makes the request one of a snapshot, by which it is then decided.
func (r *Request) follow(s *Snapshot) {
	r.snap, r.by = s, s.listener(r.client.Listener())
	r.from.read = false
	r.view.Head = r.head
	r.view.Release()
	r.rec.Group, r.rec.Pool, r.rec.Worker = "", nil, -1
	r.setStatic(nil)
	r.rec.Priority, r.rec.Fair = 0, 0
	r.hand.group.Store(nil)
	r.hand.worker.Store(nil)
}

// conclude ends a request: with an answer of ldcorn's own if there is none yet.
func (r *Request) conclude(err error) Ending {
	if f, ok := err.(*failure); ok && !r.begun && !r.gone {
		r.fail(f)
		err = nil
	}
	switch {
	case err == errAnswered:
		return Answered
	case err == errTaken:
		return Tunneled
	case err != nil || r.gone:
		return Cut
	}
	return Answered
}

// Reset releases everything that the request holds.
func (r *Request) Reset() {
	r.t, r.head, r.snap, r.by, r.id = nil, nil, nil, nil, nil
	r.view.Release()
	r.view.Head = nil
	r.rec.Pool, r.reply, r.matched, r.override = nil, nil, nil, nil
	clear(r.checks[:])
	r.setStatic(nil)
	clear(r.file.fields[:])
	r.toWorker, r.toClient, r.answer = editor{}, editor{}, AnswerHead{}
	r.attempt.reset()
	r.upload.reset()
	r.bond = bond{}
	if cap(r.out) > maxOut {
		r.out = nil
	}
	if cap(r.logged) > maxOut {
		r.logged = nil
	}
}

// Abandon releases what a panic has left claimed.
func (r *Request) Abandon() {
	r.drop()
	r.attempt.ahead.stop()
	r.upload.end(r.t)
	r.upload.over.End()
	r.attempt.closeUp()
	r.attempt.claim.Release()
	r.releaseFile()
}

// Gone reports whether the client of the last request took no more bytes.
func (r *Request) Gone() bool { return r.gone }

// Stalled reports whether the client of the last request took too little of the
// answer for too long.
func (r *Request) Stalled() bool { return r.stalled }

// maxOut is how large a reused composing buffer may be.
const maxOut = 64 << 10

// maxFields is how long a reused list of fields may be.
const maxFields = 128

// isHead reports whether the answer has no body, whatever its head says.
func (r *Request) isHead() bool { return string(r.head.Method) == "HEAD" }

// relayRequest finds the pool, claims a slot and relays, again on another
// worker where that is safe. bad is what is wrong with the body so far.
func (r *Request) relayRequest(bad error) error {
	if answered, err := r.answerFirst(); answered {
		return err
	}
	var failed *pool.Worker
	repeats, tried := 0, false // tried: it was repeated though a worker may have worked on it
	for {
		target, err := r.route()
		for err == nil && r.static != nil {
			found, failed := r.findFile()
			if found || failed != nil {
				return r.serveFile(cmp.Or(bad, failed))
			}
			target, err = r.routeBeyond()
		}
		set := target.Group
		if target.Pool != nil {
			r.rec.Group, r.rec.Pool = set.Name, target.Pool
			r.hand.group.Store(set)
		}
		if late := r.checkRate(set); late != nil {
			return late
		}
		if err == nil {
			err = bad
		}
		if err != nil {
			return err
		}
		if target.Pool == nil {
			return r.sendReply()
		}
		r.setEdits(set)
		if err = r.receive(target); err == nil {
			err = r.claimSlot(target, failed)
		}
		for err == nil {
			failed = r.attempt.claim.Worker()
			r.rec.Worker = failed.Index
			r.hand.worker.Store(failed)
			switch err = r.attempt.run(set); err {
			case errRefused: // each worker can do that once
			case errRepeat:
				if repeats++; repeats > maxRepeats {
					return errBadGateway
				}
			case errRepeatOnce:
				if tried || !survives(set) {
					return errBadGateway
				}
				tried = true
			default:
				return err
			}
			r.rec.Repeats++
			r.hand.worker.Store(nil)
			err = r.claimSlot(target, failed)
		}
		if err != pool.ErrClosed {
			return err
		}
		// The group was removed while the request waited.
		newest := r.p.Snapshot()
		if newest == r.snap {
			return errUnavailable
		}
		r.follow(newest)
	}
}

// survives reports whether a group can lose another worker to the same request
// and not fail as a whole: it fails once every worker has crashed more than
// max_restarts_on_crash times.
func survives(set *plan.Group) bool { return set.Instances+set.MaxRestartsOnCrash > 2 }

// idempotent reports whether sending the request twice is as good as once
// (RFC 9110 section 9.2.2).
func (r *Request) idempotent() bool {
	switch string(r.head.Method) {
	case "GET", "HEAD", "OPTIONS", "PUT", "DELETE":
		return !r.head.Upgrade
	}
	return false
}

// watch makes every wait end with netloop.ErrGone once the client is gone.
func (r *Request) watch() {
	if !r.gone {
		r.client.Watch(r.t)
	}
}

// unwatch ends the watch.
func (r *Request) unwatch() { r.client.Unwatch(r.t) }

// clientFailed notes that something could not be sent to the client.
func (r *Request) clientFailed(err error) error {
	r.gone, r.stalled = true, err == ErrClientStalled
	if r.stalled {
		return ErrClientGone
	}
	return err
}

// send sends a part of the answer, with its head if that has not been sent.
func (r *Request) send(part []byte, whole bool, trailers []head.Field) error {
	if r.gone {
		return ErrClientGone
	}
	r.begins()
	if err := r.client.Send(r.t, part, whole, trailers); err != nil {
		return r.clientFailed(err)
	}
	return nil
}

// begins notes that the final answer is being sent.
func (r *Request) begins() {
	if !r.begun {
		r.begun = true
		r.hand.answering.Store(true)
	}
}
