package http2

import (
	"golang.org/x/net/http2"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/proxy"
)

// A stream is one request and its answer. The proxy serves the request in a job on the
// loop of the connection. What the client sends on the stream comes from the connection's
// reader, and what is sent to it, the connection's task takes from here. A stream is used
// again for other ones, so that its memory is.
type stream struct {
	s       *Server
	k       *conn
	id      uint32
	request *proxy.Request
	run     func(netloop.Task) // serve, made once

	// Of the reader until the job starts, and then not changed.
	headReader headReader
	head       head.Request
	snap       *proxy.Snapshot
	refused    *head.Error
	line       []byte // of a request that was refused
	socket     bool   // it asks for a websocket: its body is what goes through the tunnel

	// All below is guarded by the connection's mu.
	in          *queue  // that it is in; nil = none
	before      *stream // in that queue
	behind      *stream
	closed      bool  // both sides have ended, or the stream was reset
	remoteEnded bool  // the client has ended its side
	localEnded  bool  // its end was sent
	window      int64 // for what is sent
	room        int64 // what the client has left of its window
	owed        int64 // what it could have besides, and was not told
	body        body

	job      netloop.Job
	ended    bool // the job has
	watching bool
	gone     bool         // the client is
	taker    netloop.Task // waits until the client takes something; nil = it does not wait
	held     func(int64)  // see Client.OnHeld
	asked    bool         // the client was told to send the body

	interims []answerHead
	answer   answerHead
	begun    bool   // answer is to be sent
	headSent bool   // it was
	out      []byte // of the body, to be sent from at on; in small, or with room for bufferSize bytes
	at       int
	small    [smallSize]byte
	whole    bool   // nothing follows out but trailers
	trailers []byte // lines
	noMore   bool   // nothing follows although the job goes on
	taken    int64  // bytes of the body that the client has taken
	sent     int64  // bytes that were put into out
	cut      bool   // the answer must not look complete

	limit  netloop.Time // when the client must have taken something of what the job has left; 0 = it need not
	marked int64        // taken when the limit was set
}

func newStream(s *Server) *stream {
	st := &stream{s: s}
	st.request = s.p.NewRequest(st)
	st.run = st.serve
	st.body.init(st)
	return st
}

// begin makes the stream that of a request.
func (st *stream) begin(k *conn, b *block) {
	st.k, st.id, st.snap = k, b.id, k.s.p.Snapshot()
	st.refused = st.headReader.read(&st.head, b, st.snap.Plan)
	if st.refused != nil {
		st.line = append(append(append(append(st.line[:0], b.method...), ' '), b.path...), " HTTP/2.0"...)
	} else if st.head.OddNames {
		k.s.p.NoteDropped(st.head.Fields)
	}
	st.socket = st.refused == nil && st.head.Upgrade
	length := st.head.ContentLength
	if st.socket || st.refused != nil {
		length = -1
	}
	st.remoteEnded = b.ends
	st.body.begin(b.ends || length == 0, length)
	st.room = streamWindow
}

// serve is the job.
func (st *stream) serve(t netloop.Task) {
	end, whole := proxy.Cut, false
	defer func() {
		if !whole { // a panic is on its way to the driver
			st.request.Abandon()
		}
		st.jobEnds(t, end)
	}()
	if st.refused != nil {
		st.request.Refuse(t, st.snap, &st.head, st.refused, st.line, st.prefersJSON())
		if end = proxy.Answered; st.request.Gone() {
			end = proxy.Cut
		}
	} else {
		end = st.request.Serve(t, st.snap, &st.head)
	}
	whole = true
}

// jobEnds is called when the job is over. Nothing of it touches the stream later.
func (st *stream) jobEnds(t netloop.Task, end proxy.Ending) {
	stalled := st.request.Stalled()
	st.request.Reset()
	k := st.k
	k.mu.Lock()
	defer k.mu.Unlock()
	st.ended, st.cut = true, end == proxy.Cut
	st.body.close()
	k.jobs--
	k.serves(-1)
	switch {
	case st.closed || st.localEnded:
	case !st.begun || st.cut && stalled:
		k.sayReset(st.id, http2.ErrCodeInternal)
		st.abandon()
	default:
		if st.window <= 0 || k.window <= 0 {
			st.limitRest(t.Now())
		}
		k.enqueue(st)
	}
	k.tidy(st)
	k.startNext(t)
}

// reset makes the stream fit for another request.
func (st *stream) reset() {
	st.head.Reset()
	st.headReader.reset()
	for i := range st.interims {
		st.interims[i].reset()
	}
	st.answer.reset()
	st.k, st.snap, st.refused, st.job = nil, nil, nil, nil
	st.closed, st.remoteEnded, st.localEnded = false, false, false
	st.owed = 0
	st.ended, st.watching, st.gone, st.taker, st.held, st.asked = false, false, false, nil, nil, false
	st.begun, st.headSent, st.whole, st.noMore, st.cut = false, false, false, false, false
	st.interims, st.trailers = st.interims[:0], st.trailers[:0]
	st.taken, st.sent, st.limit, st.marked = 0, 0, 0, 0
	if cap(st.line) > maxKept {
		st.line = nil
	}
}
