package http2

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
)

// A modelStream is what a client knows of a stream whose body comes back as its answer.
type modelStream struct {
	left, got, size int // bytes to send, that have come, and of the body
	out             int // the window for what the client sends
	in              int // what the server has left of its window
	debt            int // what it could have besides, and was not told
	done            bool
}

// A model is a client that uses its streams at random, within their windows, and checks
// that the server does too.
type model struct {
	*rawClient
	rng     *rand.Rand
	streams map[uint32]*modelStream
	ids     []uint32
	out, in int // windows of the connection
	debt    int
	initial int // the window that streams of the server's have at first
	frames  chan http2.Frame
	next    chan bool // the reader may read the next frame
}

func newModel(r *rig, rng *rand.Rand) *model {
	m := &model{rng: rng, streams: map[uint32]*modelStream{}, out: defaultWindow, in: defaultWindow, initial: 4<<10 + rng.IntN(100_000), // a smaller one would make a flood of updates
		frames: make(chan http2.Frame), next: make(chan bool, 1)}
	m.rawClient = r.connect()
	_, err := io.WriteString(m.conn, http2.ClientPreface)
	require.NoError(r.t, err)
	require.NoError(r.t, m.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: uint32(m.initial)}))
	m.read(func(f http2.Frame) bool {
		if w, ok := f.(*http2.WindowUpdateFrame); ok {
			m.out += int(w.Increment)
		}
		s, ok := f.(*http2.SettingsFrame)
		return ok && s.IsAck()
	})
	go func() {
		defer close(m.frames)
		for range m.next {
			_ = m.conn.SetReadDeadline(time.Now().Add(patience))
			f, err := m.ReadFrame()
			if err != nil {
				return
			}
			m.frames <- f
		}
	}()
	m.next <- true
	return m
}

// begin begins a stream.
func (m *model) begin(size int) {
	fields := get(":method: POST")
	if m.rng.IntN(2) == 0 {
		fields = append(fields, "content-length: "+strconv.Itoa(size))
	}
	id := m.ask(fields, false)
	m.streams[id] = &modelStream{left: size, size: size, out: streamWindow, in: m.initial}
	m.ids = append(m.ids, id)
}

// take takes a frame.
func (m *model) take(f http2.Frame) {
	st := m.streams[f.Header().StreamID]
	switch f := f.(type) {
	case *http2.WindowUpdateFrame:
		if st != nil {
			st.out += int(f.Increment)
		} else {
			m.out += int(f.Increment)
		}
		require.LessOrEqual(m.t, m.out, connWindow)
	case *http2.MetaHeadersFrame:
		require.Equal(m.t, "200", f.PseudoValue("status"))
		if st.done = f.StreamEnded(); st.done {
			require.Zero(m.t, st.size)
		}
	case *http2.RSTStreamFrame: // the body has its length, but not its end
		require.True(m.t, st.done && st.left <= 0 && f.ErrCode == http2.ErrCodeNo, "%v", f)
		st.left = -1
	case *http2.DataFrame:
		n := int(f.Length)
		st.in, m.in = st.in-n, m.in-n
		require.GreaterOrEqual(m.t, st.in, 0, "beyond the window of the stream")
		require.GreaterOrEqual(m.t, m.in, 0, "beyond the window of the connection")
		st.debt, m.debt, st.got = st.debt+n, m.debt+n, st.got+n
		if st.done = f.StreamEnded(); st.done {
			require.Equal(m.t, st.size, st.got)
		}
	case *http2.PingFrame, *http2.SettingsFrame:
	case *http2.GoAwayFrame:
		require.Fail(m.t, "the connection ends", "%v %v", f.ErrCode, f)
	default:
		require.Fail(m.t, "an unexpected frame", "%v", f)
	}
}

// send sends some of a body, with padding now and then, or its end. It returns false if
// it may not.
func (m *model) send(id uint32) bool {
	st := m.streams[id]
	if st.left < 0 {
		return false
	}
	n := min(st.left, st.out, m.out, 1+m.rng.IntN(maxFrame))
	pad := 0
	if m.rng.IntN(4) == 0 {
		pad = max(min(m.rng.IntN(256), st.out-n-1, m.out-n-1, maxFrame-n-1), 0)
	}
	if n == 0 && st.left > 0 {
		return false
	}
	st.left -= n
	end := st.left == 0 && (n == 0 || m.rng.IntN(2) == 0)
	cost := n
	var err error
	if pad > 0 {
		cost += 1 + pad
		err = m.WriteDataPadded(id, end, make([]byte, n), make([]byte, pad))
	} else {
		err = m.WriteData(id, end, make([]byte, n))
	}
	require.NoError(m.t, err)
	st.out, m.out = st.out-cost, m.out-cost
	if end {
		st.left = -1
	}
	return true
}

// widen tells the server of some of what it can have besides, of a stream and of the
// connection.
func (m *model) widen(id uint32, all bool) {
	part := func(debt int) int {
		switch {
		case all:
			return debt
		case debt < 4<<10: // too many updates would be a flood
			return 0
		}
		return m.rng.IntN(debt)
	}
	st := m.streams[id]
	if n := part(st.debt); n > 0 && !st.done {
		require.NoError(m.t, m.WriteWindowUpdate(id, uint32(n)))
		st.debt, st.in = st.debt-n, st.in+n
	}
	if n := part(m.debt); n > 0 {
		require.NoError(m.t, m.WriteWindowUpdate(0, uint32(n)))
		m.debt, m.in = m.debt-n, m.in+n
	}
}

func (m *model) isDone() bool {
	for _, st := range m.streams {
		if !st.done || st.left >= 0 {
			return false
		}
	}
	return true
}

// tryAll gives the server all that it can have, and sends on each stream. It returns
// false if nothing can be sent.
func (m *model) tryAll() (sent bool) {
	for _, id := range m.ids {
		m.widen(id, true)
		sent = m.send(id) || sent
	}
	return sent
}

// run uses the streams until all are done.
func (m *model) run() {
	for stuck := 0; !m.isDone(); {
		var wait <-chan time.Time
		idle := make(chan bool, 1)
		if stuck < len(m.ids) || m.tryAll() {
			idle <- true // there is something else to try
		} else {
			wait = time.After(patience)
		}
		select {
		case f, ok := <-m.frames:
			require.True(m.t, ok, "the connection has ended")
			m.take(f)
			m.next <- true
			stuck = 0
		case <-wait:
			require.Fail(m.t, "nothing moves")
		case <-idle:
			id := m.ids[m.rng.IntN(len(m.ids))]
			if m.rng.IntN(4) == 0 {
				m.widen(id, false)
			}
			if stuck++; m.send(id) {
				stuck = 0
			}
		}
	}
}

// sync takes the frames that were sent until now.
func (m *model) sync() {
	require.NoError(m.t, m.WritePing(false, [8]byte{1}))
	for {
		f := <-m.frames
		m.take(f)
		if p, ok := f.(*http2.PingFrame); ok && p.IsAck() {
			close(m.next)
			return
		}
		m.next <- true
	}
}

// TestFlowModel checks that streams with bodies of all sizes, which come back as answers,
// all end, however the windows of both sides move, that no window is exceeded, and that
// none of the connection's window is lost. HTTP2_SEED chooses the numbers.
func TestFlowModel(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		for i := range 4 {
			seed := uint64(time.Now().UnixNano()) + uint64(i)
			if s := os.Getenv("HTTP2_SEED"); s != "" {
				seed, _ = strconv.ParseUint(s, 10, 64)
			}
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(seed, 1))
				r := newRig(t, driver, nil)
				u := r.worker(func(w http.ResponseWriter, req *http.Request) {
					_ = http.NewResponseController(w).EnableFullDuplex()
					w.(http.Flusher).Flush()
					_, _ = io.CopyBuffer(struct{ io.Writer }{w}, req.Body, make([]byte, 1+len(req.URL.Path)*997))
				})
				m := newModel(r, rng)
				for range 1 + rng.IntN(30) {
					m.begin([]int{0, 1, rng.IntN(1000), rng.IntN(100_000), rng.IntN(1 << 20)}[rng.IntN(5)])
				}
				m.run()
				r.idleAgain(u)
				k := r.server.all()[0]
				soon(t, func() bool { return k.isWhole() }, "something of the streams is left")
				m.sync()
				k.mu.Lock()
				defer k.mu.Unlock()
				assert.Equal(t, int64(m.in), k.window)
				assert.Equal(t, int64(m.out), k.room)
			})
		}
	})
}

// isWhole reports whether nothing is left of the streams, and nothing of the windows is
// lost.
func (k *conn) isWhole() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.table) == 0 && k.open == 0 && k.jobs == 0 && k.requests == 0 && len(k.waiting) == 0 &&
		k.ring.first == nil && k.parched.first == nil && k.room+k.owed == connWindow
}
