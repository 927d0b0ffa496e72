package http2

import (
	"net/http"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/proxy"
)

// A stream is one request and its answer. Two run for it: a goroutine of
// net/http, its handler, and a job on the loop of the connection, in which the
// proxy serves the request. They meet in the fields that mu guards. A stream is
// used again for other ones, so that its memory is.
type stream struct {
	s       *Server
	k       *conn
	request *proxy.Request
	run     func(netloop.Task) // serve, made once
	news    chan struct{}      // the handler has something to do

	// Of the handler until the job starts, and then not changed.
	headReader headReader
	head       head.Request
	snap       *proxy.Snapshot
	refused    *head.Error
	line       []byte // of a request that was refused
	socket     bool   // it asks for a websocket: its body is what goes through the tunnel

	writer  answerWriter // of the handler
	aborted sync.WaitGroup

	body body

	mu       sync.Mutex // guards all below
	parties  int        // of the handler and the job, those that still use the stream
	job      netloop.Job
	watching bool
	gone     bool         // the client is
	taker    netloop.Task // waits until the client takes something; nil = it does not wait
	held     func(int64)  // see Client.OnHeld

	interims []answerHead
	answer   answerHead
	begun    bool   // answer is to be sent
	out      []byte // of the body, to be sent; in small, or with room for bufferSize bytes
	small    [smallSize]byte
	lent     bool   // the handler has small
	whole    bool   // nothing follows out
	trailers []byte // lines
	closed   bool   // the answer ends although the job goes on
	writing  bool   // the handler waits for the client to take something
	taken    int64  // bytes of the body that the client has taken
	sent     int64  // bytes that were put into out
	ended    bool   // the job has
	cut      bool   // the answer must not look complete
}

func newStream(s *Server) *stream {
	st := &stream{s: s, news: make(chan struct{}, 1)}
	st.request = s.p.NewRequest(st)
	st.run = st.serve
	st.body.init(s)
	return st
}

// ServeHTTP is called by net/http, in a goroutine for each stream. It does not
// return before the job has ended, even if the client has left: net/http counts
// these goroutines, and ends a connection that has too many streams which were
// reset (CVE-2023-44487).
func (k *conn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	st := k.s.streams.Get().(*stream)
	st.begin(k, r)
	k.serves(1)
	if !k.wire.start(st) {
		k.serves(-1)
		panic(http.ErrAbortHandler)
	}
	st.attend(w, r)
}

// begin makes the stream that of a request.
func (st *stream) begin(k *conn, r *http.Request) {
	st.k, st.snap = k, k.s.p.Snapshot()
	st.refused = st.headReader.read(&st.head, r, st.snap.Plan)
	if st.refused != nil {
		st.line = append(append(append(append(st.line[:0], r.Method...), ' '), r.RequestURI...), " HTTP/2.0"...)
	} else if st.head.OddNames {
		k.s.p.NoteDropped(st.head.Fields)
	}
	st.parties = 2
	st.body.begin(r)
	st.socket = st.head.Upgrade
}

// start starts the job. It is called by the task of the connection.
func (st *stream) start(t netloop.Task) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.job = t.Go(st.run)
}

// neverStarts ends a stream whose job cannot be started.
func (st *stream) neverStarts() { st.jobEnds(proxy.Cut) }

// serve is the job.
func (st *stream) serve(t netloop.Task) {
	end, whole := proxy.Cut, false
	defer func() {
		if !whole { // a panic is on its way to the driver
			st.request.Abandon()
		}
		st.jobEnds(end)
		t.Share()
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
func (st *stream) jobEnds(end proxy.Ending) {
	st.request.Reset()
	st.k.serves(-1)
	st.mu.Lock()
	st.ended, st.cut = true, end == proxy.Cut
	if st.writing && !st.gone {
		st.aborted.Add(1)
		go st.hurry(st.cut)
	}
	st.signal()
	st.mu.Unlock()
	st.leaves()
}

// hurry limits the wait of the handler for a client that does not take what is sent:
// there is no job any more that would. With cut, the wait ends now.
func (st *stream) hurry(cut bool) {
	defer st.aborted.Done()
	if cut {
		st.writer.limit(time.Unix(1, 0))
	} else {
		st.writer.limit(time.Now().Add(st.s.p.Stall()))
	}
}

// leaves is called by the handler and the job when they are done with the stream.
func (st *stream) leaves() {
	st.mu.Lock()
	st.parties--
	last := st.parties == 0
	st.mu.Unlock()
	if last {
		st.reset()
		st.s.streams.Put(st)
	}
}

// reset makes the stream fit for another request.
func (st *stream) reset() {
	st.head.Reset()
	st.headReader.reset()
	st.k, st.snap, st.refused, st.job = nil, nil, nil, nil
	st.watching, st.gone, st.taker, st.held = false, false, nil, nil
	st.interims, st.begun, st.whole, st.closed, st.writing = nil, false, false, false, false
	st.answer.reset()
	st.trailers = st.trailers[:0]
	st.taken, st.sent, st.ended, st.cut = 0, 0, false, false
	st.putOut(st.out)
	st.out, st.lent = nil, false
	select {
	case <-st.news:
	default:
	}
}

// signal tells the handler that it has something to do. The caller holds mu.
func (st *stream) signal() {
	select {
	case st.news <- struct{}{}:
	default:
	}
}

// attend is the handler: it passes the answer on, and notices when the client
// leaves.
func (st *stream) attend(w http.ResponseWriter, r *http.Request) {
	st.writer.begin(w)
	gone := r.Context().Done()
	for done := false; !done; {
		select {
		case <-st.news:
		case <-gone:
			gone = nil
			st.leave()
		}
		done = st.pass()
	}
	st.body.close()
	st.aborted.Wait()
	st.writer.end()
	st.mu.Lock()
	cut := st.cut
	st.mu.Unlock()
	st.leaves()
	if cut {
		panic(http.ErrAbortHandler)
	}
}

// leave notes that the client is gone.
func (st *stream) leave() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.gone = true
	if st.watching && st.job != nil {
		st.job.Cancel()
	}
	st.wakeTaker()
	st.body.leave()
}

// wakeTaker wakes the task that waits for the client. The caller holds mu.
func (st *stream) wakeTaker() {
	if t := st.taker; t != nil {
		t.Wake()
	}
}

// smallSize is the size up to which an answer needs no buffer of its own.
const smallSize = 2 << 10

// room makes room in out for some of n bytes, and returns for how many. The caller
// holds mu.
func (st *stream) room(n int) int {
	if st.out == nil && n <= smallSize && !st.lent {
		st.out = st.small[:0]
	}
	if len(st.out)+n > cap(st.out) && cap(st.out) < bufferSize {
		large := st.s.buffers.Get().(*[bufferSize]byte)[:0]
		st.out = append(large, st.out...)
	}
	return min(cap(st.out)-len(st.out), n)
}

// putOut takes back what was in out. The caller holds mu.
func (st *stream) putOut(b []byte) {
	switch cap(b) {
	case bufferSize:
		st.s.buffers.Put((*[bufferSize]byte)(b[:bufferSize]))
	case smallSize:
		st.lent = false
	}
}
