package http2

import (
	"time"

	"golang.org/x/net/http2"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/proxy"
)

// smallSize is the size up to which an answer needs no buffer of its own.
const smallSize = 2 << 10

// pending is how many bytes of the body wait to be sent. The caller holds mu.
func (st *stream) pending() int { return len(st.out) - st.at }

// put takes some of p to be sent, and returns how much. The caller holds mu.
func (st *stream) put(p []byte) int {
	if st.out == nil {
		st.out = st.small[:0]
	}
	if len(st.out)+len(p) > cap(st.out) {
		st.makeRoom(len(p))
	}
	n := min(cap(st.out)-len(st.out), len(p))
	st.out = append(st.out, p[:n]...)
	st.sent += int64(n)
	return n
}

// makeRoom makes room for some of n more bytes.
func (st *stream) makeRoom(n int) {
	rest := st.out[st.at:]
	if cap(st.out) < bufferSize && len(rest)+n > cap(st.out) {
		st.out = append(st.s.buffers.Get().(*[bufferSize]byte)[:0], rest...)
	} else {
		st.out = append(st.out[:0], rest...)
	}
	st.at = 0
}

// took notes that n bytes of what waits were sent. The caller holds mu.
func (st *stream) took(n int) {
	st.taken += int64(n)
	if st.at += n; st.at == len(st.out) {
		st.dropOut()
	}
	st.wakeTaker()
}

// dropOut drops what waits to be sent. The caller holds mu.
func (st *stream) dropOut() {
	if cap(st.out) == bufferSize {
		st.s.buffers.Put((*[bufferSize]byte)(st.out[:bufferSize]))
	}
	st.out, st.at = nil, 0
}

// wakeTaker wakes the task that waits for the client. The caller holds mu.
func (st *stream) wakeTaker() {
	if t := st.taker; t != nil {
		st.taker = nil
		t.Wake()
	}
}

// awaitTaken waits until ok, or until the client is gone or has taken too little for
// too long. The caller holds mu, which awaitTaken releases during the wait.
func (st *stream) awaitTaken(t netloop.Task, ok func() bool) error {
	mu := &st.k.mu
	if !st.gone && !ok() {
		if f := st.held; f != nil {
			st.held = nil
			mu.Unlock()
			f(0)
			mu.Lock()
		}
	}
	stall, taken := st.s.p.Stall(), st.taken
	until := t.Now().Add(stall)
	for !st.gone && !ok() {
		st.taker = t
		mu.Unlock()
		err := t.Park(until)
		mu.Lock()
		st.taker = nil
		switch {
		case err == netloop.ErrTimeout && st.taken-taken >= netloop.MinBytes(stall):
			taken, until = st.taken, t.Now().Add(stall)
		case err == netloop.ErrTimeout:
			return proxy.ErrClientStalled
		case err == netloop.ErrStopped:
			return err
		case err != nil:
			return proxy.ErrClientGone
		}
	}
	if st.gone {
		return proxy.ErrClientGone
	}
	return nil
}

// cutTime is how long a client has to take what there is of an answer that is cut.
const cutTime = time.Second

// limitRest limits how long the client has for what the job has left: there is no job any
// more that notices that nothing is taken. The caller holds mu.
func (st *stream) limitRest(now netloop.Time) {
	if st.pending() == 0 {
		return
	}
	wait := st.s.p.Stall()
	if st.cut && (wait == 0 || wait > cutTime) {
		wait = cutTime
	}
	st.marked = st.taken
	if st.limit = now.Add(wait); st.limit != 0 && (st.k.limitAt == 0 || st.limit < st.k.limitAt) {
		st.k.limitAt = st.limit
		st.k.wake()
	}
}

// checkTakers resets the streams whose clients have taken too little. The caller holds mu.
func (k *conn) checkTakers(now netloop.Time) {
	k.limitAt = 0
	for _, st := range k.table {
		switch {
		case st.limit == 0 || st.closed:
		case st.limit > now:
			if k.limitAt == 0 || st.limit < k.limitAt {
				k.limitAt = st.limit
			}
		case !st.cut && st.taken-st.marked >= netloop.MinBytes(k.s.p.Stall()):
			st.limitRest(now)
		default:
			k.reset(st, http2.ErrCodeInternal)
		}
	}
}
