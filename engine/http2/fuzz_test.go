package http2

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/ldcorn/ldcorn/engine/proxy"
)

// A script makes frames of a fuzzer's bytes: each step takes one that says what to do,
// and others for its details. So most frames are valid on their own, and what is random
// is their order, their streams and their contents.
type script struct {
	in  []byte
	out bytes.Buffer
	fr  *http2.Framer
	enc *hpack.Encoder
	buf bytes.Buffer
}

func (s *script) byte() byte {
	if len(s.in) == 0 {
		return 0
	}
	b := s.in[0]
	s.in = s.in[1:]
	return b
}

// stream returns the id of one of few streams, mostly of those that a client can begin.
func (s *script) stream() uint32 {
	b := s.byte()
	if b > 250 {
		return uint32(b % 4)
	}
	return uint32(b%16)*2 + 1
}

// number returns a number that is small, or near a bound.
func (s *script) number() uint32 {
	bounds := []uint32{0, 1, defaultWindow, streamWindow, connWindow, maxWindow, maxWindow + 1, maxFrame}
	if b := s.byte(); b < 128 {
		return uint32(b)
	} else {
		return bounds[b%8] + uint32(s.byte()%3) - 1
	}
}

// head returns a header block.
func (s *script) head() []byte {
	s.buf.Reset()
	kinds := [][]string{
		get(), get(":method: POST"), get(":method: POST", "content-length: 5"), get(":path: /large"), get("cookie: a=b", "cookie: c=d"),
		get("te: trailers"), get("connection: close"), get(":path: /wait"), get(":method: POST", "expect: 100-continue"),
		get(":method: CONNECT", ":protocol: websocket", "sec-websocket-version: 13"), {"x-trailer: 1"}, get("X-Upper: a"),
		get(":method: HEAD"), get(":path: /cut"), get(":authority: a/b"),
	}
	for _, f := range kinds[int(s.byte())%len(kinds)] {
		name, value := split(f)
		_ = s.enc.WriteField(hpack.HeaderField{Name: name, Value: value})
	}
	return bytes.Clone(s.buf.Bytes())
}

// step writes a frame, or several.
func (s *script) step() {
	kind, id := s.byte(), s.stream()
	flags := s.byte()
	end := flags&1 != 0
	switch kind % 14 {
	case 0, 1, 2:
		p := http2.HeadersFrameParam{StreamID: id, BlockFragment: s.head(), EndHeaders: true, EndStream: end}
		if flags&2 != 0 {
			p.Priority = http2.PriorityParam{StreamDep: s.stream()}
		}
		_ = s.fr.WriteHeaders(p)
	case 3:
		b := s.head()
		n := min(int(s.byte()), len(b))
		_ = s.fr.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: b[:n], EndStream: end})
		_ = s.fr.WriteContinuation(id, flags&2 == 0, b[n:])
	case 4, 5:
		_ = s.fr.WriteData(id, end, make([]byte, s.number()%(maxFrame+2)))
	case 6:
		_ = s.fr.WriteDataPadded(id, end, make([]byte, s.byte()), make([]byte, s.byte()))
	case 7:
		_ = s.fr.WriteRSTStream(id, http2.ErrCode(s.byte()))
	case 8:
		if flags&2 != 0 {
			id = 0
		}
		_ = s.fr.WriteWindowUpdate(id, s.number())
	case 9:
		_ = s.fr.WriteSettings(http2.Setting{ID: http2.SettingID(s.byte() % 11), Val: s.number()})
	case 10:
		_ = s.fr.WritePing(end, [8]byte{kind})
	case 11:
		_ = s.fr.WritePriority(id, http2.PriorityParam{StreamDep: s.stream()})
	case 12:
		_ = s.fr.WriteGoAway(id, http2.ErrCode(s.byte()), nil)
	case 13:
		kind, size := s.byte(), s.byte()
		n := min(int(size), len(s.in))
		_ = s.fr.WriteRawFrame(http2.FrameType(kind), http2.Flags(flags), id, s.in[:n])
		s.in = s.in[n:]
	}
}

// frames returns what the script sends. Without a preface, the bytes are sent as they are.
func (s *script) frames(in []byte) []byte {
	s.in = in
	s.fr = http2.NewFramer(&s.out, nil)
	s.fr.AllowIllegalWrites = true
	s.enc = hpack.NewEncoder(&s.buf)
	mode := s.byte()
	if mode == 255 {
		return s.in
	}
	s.out.WriteString(http2.ClientPreface)
	_ = s.fr.WriteSettings()
	if mode == 254 {
		return append(s.out.Bytes(), s.in...)
	}
	for len(s.in) > 0 {
		s.step()
	}
	return s.out.Bytes()
}

// FuzzConnection sends connections sequences of frames. None may cause a panic, or leave
// anything behind: no connection, stream, job, slot or part of a window.
func FuzzConnection(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0})
	f.Add([]byte{0, 0, 0, 0, 1, 4, 0, 0, 130, 2, 4, 0, 1, 5, 7, 0, 0, 8})
	f.Add([]byte{0, 0, 0, 1, 3, 9, 0, 0, 4, 3, 8, 0, 0, 9, 8, 1, 2, 133, 1})
	f.Add([]byte{0, 0, 0, 0, 7, 0, 1, 1, 7, 0, 2, 0, 9, 7, 0, 0, 8, 7, 1, 0, 8, 12, 0, 0, 0})
	f.Add([]byte{0, 3, 0, 0, 2, 20, 6, 0, 1, 9, 200, 3, 1, 2, 4, 3, 10, 0, 0})
	f.Add(append([]byte{254}, 0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1))
	f.Add(append([]byte{255}, http2.ClientPreface...))
	r := newRig(f, "", nil, func(o *proxy.Options) { o.Stall = 200 * time.Millisecond })
	u := r.worker(func(w http.ResponseWriter, req *http.Request) {
		switch req.URL.Path {
		case "/large":
			_, _ = w.Write(bodyOf(200 << 10))
		case "/wait":
			<-req.Context().Done()
		case "/cut":
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		default:
			hello(w, req)
		}
	})
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 4<<10 {
			return
		}
		client, err := net.Dial("tcp", r.addr)
		require.NoError(t, err)
		defer client.Close()
		soon(t, func() bool { return r.server.count() <= 1 }, "the last connection is still there")
		sent := make(chan bool)
		go func() {
			defer close(sent)
			_, _ = client.Write(new(script).frames(in))
		}()
		var k *conn
		soon(t, func() bool {
			all := r.server.all()
			if len(all) > 0 {
				k = all[0]
			}
			select {
			case <-sent:
				return true
			default:
				return false
			}
		}, "the client cannot send")
		if k == nil {
			return // it was over before we looked
		}
		// What was sent is taken, and perhaps answered, or the connection is over.
		_ = client.(*net.TCPConn).CloseWrite()
		_ = client.SetReadDeadline(time.Now().Add(patience))
		_, _ = io.Copy(io.Discard, client)
		soon(t, func() bool { return r.server.count() == 0 }, "the connection is still there")
		soon(t, func() bool {
			k.mu.Lock()
			defer k.mu.Unlock()
			return len(k.table) == 0 && k.open == 0 && k.jobs == 0 && k.requests == 0 && len(k.waiting) == 0 && k.ring.first == nil
		}, "a stream is still there")
		k.mu.Lock()
		require.LessOrEqual(t, k.room+k.owed, int64(connWindow))
		require.GreaterOrEqual(t, k.room+k.owed, int64(connWindow-maxFrame), "a part of the window is lost")
		k.mu.Unlock()
		soon(t, func() bool {
			requests, tunnels := u.InFlight()
			return requests == 0 && tunnels == 0
		}, "a slot is still held")
	})
}
