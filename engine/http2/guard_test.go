package http2

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/ldcorn/ldcorn/engine/proxy"
)

// TestBrokenRules checks that a client which breaks a rule of the whole connection loses
// it, and learns why.
func TestBrokenRules(t *testing.T) {
	fill := func(c *rawClient, id uint32, n int) {
		for ; n > 0; n -= maxFrame {
			if c.WriteData(id, false, make([]byte, min(n, maxFrame))) != nil {
				return
			}
		}
	}
	for name, x := range map[string]struct {
		send func(c *rawClient, id uint32) // id is a stream that is open
		code string
	}{
		"a stream of the server":    {func(c *rawClient, id uint32) { c.next = 2; c.ask(get(), true) }, "PROTOCOL_ERROR"},
		"a stream that is lower":    {func(c *rawClient, id uint32) { c.next = 101; c.ask(get(), true); c.next = 99; c.ask(get(), true) }, "PROTOCOL_ERROR"},
		"data before a head":        {func(c *rawClient, id uint32) { _ = c.WriteData(id+2, true, nil) }, "PROTOCOL_ERROR"},
		"data of the connection":    {func(c *rawClient, id uint32) { _ = c.WriteRawFrame(http2.FrameData, 0, 0, []byte("x")) }, "PROTOCOL_ERROR"},
		"a reset before a head":     {func(c *rawClient, id uint32) { _ = c.WriteRSTStream(id+2, http2.ErrCodeCancel) }, "PROTOCOL_ERROR"},
		"a window before a head":    {func(c *rawClient, id uint32) { _ = c.WriteWindowUpdate(id+2, 1) }, "PROTOCOL_ERROR"},
		"a wider window by nothing": {func(c *rawClient, id uint32) { _ = c.WriteWindowUpdate(0, 0) }, "PROTOCOL_ERROR"},
		"a window that overflows":   {func(c *rawClient, id uint32) { _ = c.WriteWindowUpdate(0, 1<<31-1) }, "FLOW_CONTROL_ERROR"},
		"an initial window that is too wide": {func(c *rawClient, id uint32) {
			_ = c.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 31})
		}, "FLOW_CONTROL_ERROR"},
		"an initial window that makes others overflow": {func(c *rawClient, id uint32) {
			_ = c.WriteWindowUpdate(id, 1<<30)
			_ = c.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1<<31 - 1})
		}, "FLOW_CONTROL_ERROR"},
		"more than the window of the connection": {func(c *rawClient, id uint32) {
			fill(c, id, streamWindow)
			for range connWindow / streamWindow {
				fill(c, c.ask(get(":method: POST"), false), streamWindow)
			}
		}, "FLOW_CONTROL_ERROR"},
		"padding without room": {func(c *rawClient, id uint32) { _ = c.WriteRawFrame(http2.FrameData, http2.FlagDataPadded, id, nil) }, "FRAME_SIZE_ERROR"},
		"padding longer than its frame": {func(c *rawClient, id uint32) {
			_ = c.WriteRawFrame(http2.FrameData, http2.FlagDataPadded, id, []byte{2, 0})
		}, "PROTOCOL_ERROR"},
		"a frame that is too large":    {func(c *rawClient, id uint32) { _ = c.WriteRawFrame(http2.FrameData, 0, id, make([]byte, maxFrame+1)) }, "FRAME_SIZE_ERROR"},
		"settings of another length":   {func(c *rawClient, id uint32) { _ = c.WriteRawFrame(http2.FrameSettings, 0, 0, make([]byte, 7)) }, "FRAME_SIZE_ERROR"},
		"too many settings":            {func(c *rawClient, id uint32) { _ = c.WriteSettings(make([]http2.Setting, maxSettings+1)...) }, "ENHANCE_YOUR_CALM"},
		"an acknowledgment of nothing": {func(c *rawClient, id uint32) { c.echo(); _ = c.WriteSettingsAck(); _ = c.WriteSettingsAck() }, "PROTOCOL_ERROR"},
		"a push": {func(c *rawClient, id uint32) {
			_ = c.WriteRawFrame(http2.FramePushPromise, http2.FlagPushPromiseEndHeaders, id, make([]byte, 4))
		}, "PROTOCOL_ERROR"},
		"a broken block": {func(c *rawClient, id uint32) {
			_ = c.WriteHeaders(http2.HeadersFrameParam{StreamID: id + 2, BlockFragment: []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, EndHeaders: true})
		}, "COMPRESSION_ERROR"},
		"half a field": {func(c *rawClient, id uint32) {
			_ = c.WriteHeaders(http2.HeadersFrameParam{StreamID: id + 2, BlockFragment: []byte{0x40, 5, 'a'}, EndHeaders: true})
		}, "COMPRESSION_ERROR"},
		"a table that is larger than ours": {func(c *rawClient, id uint32) {
			_ = c.WriteHeaders(http2.HeadersFrameParam{StreamID: id + 2, BlockFragment: []byte{0x3f, 0xe2, 0x1f}, EndHeaders: true})
		}, "COMPRESSION_ERROR"},
		"another frame within a block": {func(c *rawClient, id uint32) {
			_ = c.WriteHeaders(http2.HeadersFrameParam{StreamID: id + 2, BlockFragment: c.block(get())})
			_ = c.WritePing(false, [8]byte{})
		}, "PROTOCOL_ERROR"},
		"the rest of no block": {func(c *rawClient, id uint32) { _ = c.WriteContinuation(id, true, nil) }, "PROTOCOL_ERROR"},
		"a head with padding longer than its frame": {func(c *rawClient, id uint32) {
			_ = c.WriteRawFrame(http2.FrameHeaders, http2.FlagHeadersPadded|http2.FlagHeadersEndHeaders, id+2, []byte{9, 0x82})
		}, "PROTOCOL_ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "", capped(t, 1)) // so that the bodies of all but the first stream wait
			goOn := make(chan bool)
			u := r.worker(func(w http.ResponseWriter, req *http.Request) { <-goOn })
			c := r.raw()
			id := c.ask(get(":method: POST"), false)
			x.send(c, id)
			assert.Equal(t, x.code, c.untilEnd())
			c.conn.Close()
			close(goOn)
			r.idleAgain(u)
		})
	}
}

// TestNoSettings checks that a client which does not begin with SETTINGS, or not with
// the preface, loses the connection.
func TestNoSettings(t *testing.T) {
	r := newRig(t, "", nil)
	for _, begin := range []func(*rawClient){
		func(c *rawClient) { _ = c.WritePing(false, [8]byte{}) },
		func(c *rawClient) { _ = c.WriteSettingsAck() },
	} {
		c := r.connect()
		_, _ = io.WriteString(c.conn, http2.ClientPreface)
		begin(c)
		assert.Equal(t, "PROTOCOL_ERROR", c.untilEnd())
	}
	c := r.connect()
	_, _ = io.WriteString(c.conn, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
	assert.Equal(t, "PROTOCOL_ERROR", c.untilEnd())
}

// TestBrokenStreams checks that a client which breaks a rule of a stream loses that
// stream only.
func TestBrokenStreams(t *testing.T) {
	for name, x := range map[string]struct {
		send func(c *rawClient, id uint32) // id is a stream whose body has not ended
		code string
	}{
		"more than the window": {func(c *rawClient, id uint32) {
			for range 5 * streamWindow / (2 * maxFrame) { // the worker's socket takes some, less than one window
				_ = c.WriteData(id, false, make([]byte, maxFrame))
			}
		}, "FLOW_CONTROL_ERROR"},
		"data behind the end": {func(c *rawClient, id uint32) { _ = c.WriteData(id, true, nil); _ = c.WriteData(id, false, []byte("x")) }, "STREAM_CLOSED"},
		"trailers behind the end": {func(c *rawClient, id uint32) {
			_ = c.WriteData(id, true, nil)
			c.next = id
			c.ask([]string{"x-a: b"}, true)
		}, "STREAM_CLOSED"},
		"trailers that end nothing":   {func(c *rawClient, id uint32) { c.next = id; c.ask([]string{"x-a: b"}, false) }, "PROTOCOL_ERROR"},
		"trailers with a path":        {func(c *rawClient, id uint32) { c.next = id; c.ask([]string{":path: /"}, true) }, "PROTOCOL_ERROR"},
		"a window that overflows":     {func(c *rawClient, id uint32) { _ = c.WriteWindowUpdate(id, 1<<31-1) }, "FLOW_CONTROL_ERROR"},
		"a wider window by nothing":   {func(c *rawClient, id uint32) { _ = c.WriteWindowUpdate(id, 0) }, "PROTOCOL_ERROR"},
		"a dependency on itself":      {func(c *rawClient, id uint32) { _ = c.WritePriority(id, http2.PriorityParam{StreamDep: id}) }, "PROTOCOL_ERROR"},
		"pseudo-header fields behind": {func(c *rawClient, id uint32) { c.next = id + 2; c.ask(append([]string{"x-a: b"}, get()...), true) }, "PROTOCOL_ERROR"},
		"two paths":                   {func(c *rawClient, id uint32) { c.next = id + 2; c.ask(append([]string{":path: /"}, get()...), true) }, "PROTOCOL_ERROR"},
		"a protocol of a GET":         {func(c *rawClient, id uint32) { c.next = id + 2; c.ask(get(":protocol: websocket"), true) }, "PROTOCOL_ERROR"},
		"another scheme":              {func(c *rawClient, id uint32) { c.next = id + 2; c.ask(get(":scheme: ftp"), true) }, "PROTOCOL_ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "", nil)
			goOn := make(chan bool)
			r.worker(func(w http.ResponseWriter, req *http.Request) {
				if req.Method == "POST" {
					<-goOn
				}
				hello(w, req)
			})
			defer close(goOn)
			c := r.raw()
			id := c.ask(get(":method: POST"), false)
			x.send(c, id)
			rst := c.read(func(f http2.Frame) bool { _, ok := f.(*http2.RSTStreamFrame); return ok }).(*http2.RSTStreamFrame)
			assert.Equal(t, x.code, rst.ErrCode.String())
			c.next = 1001
			got := c.hear(c.ask(get(), true))
			assert.Equal(t, "200", got.status)
			assert.Empty(t, got.goAway)
		})
	}
}

// TestWindowBelowZero checks that a client can make the windows of its streams negative,
// and that nothing is sent before they are wide enough again.
func TestWindowBelowZero(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		r.worker(func(w http.ResponseWriter, req *http.Request) { _, _ = w.Write(bodyOf(3000)) })
		c := r.raw(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1000})
		id := c.ask(get(), true)
		got := 0
		upTo := func(n int) {
			t.Helper()
			for got < n {
				c.read(func(f http2.Frame) bool {
					d, ok := f.(*http2.DataFrame)
					if ok {
						got += len(d.Data())
					}
					return ok
				})
			}
			c.echo()
			require.Equal(t, n, got)
		}
		upTo(1000)
		require.NoError(t, c.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 10})) // 990 below zero
		require.NoError(t, c.WriteWindowUpdate(id, 990))
		upTo(1000)
		require.NoError(t, c.WriteWindowUpdate(id, 1))
		upTo(1001)
		require.NoError(t, c.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 5000}))
		upTo(3000)
	})
}

// TestClosedStreamsGiveBack checks that what comes on a stream that is over is a part of
// the connection's window again, as is padding.
func TestClosedStreamsGiveBack(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		r.worker(hello)
		c := r.raw()
		for range 3 * connWindow / (8 * maxFrame) {
			id := c.ask(get(":method: TRACE"), false) // is answered at once
			for range 8 {
				require.NoError(t, c.WriteDataPadded(id, false, make([]byte, maxFrame-256), make([]byte, 255)))
			}
			got := c.hear(id)
			require.Equal(t, "405", got.status)
			require.Empty(t, got.goAway)
			c.echo()
		}
		k := r.server.all()[0]
		k.mu.Lock()
		defer k.mu.Unlock()
		assert.Equal(t, int64(connWindow), k.room+k.owed)
	})
}

// TestDeafControl checks that a client which makes ldcorn answer and does not read fills
// no memory: nothing more is read from it, and it loses the connection at last.
func TestDeafControl(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil, func(o *proxy.Options) { o.Stall = time.Second })
		u := r.worker(func(w http.ResponseWriter, req *http.Request) { _, _ = w.Write(bodyOf(64 << 20)) })
		c := r.raw(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1<<31 - 1})
		require.NoError(t, c.WriteWindowUpdate(0, 1<<30))
		k := r.server.all()[0]
		c.ask(get(), true)
		for range calmMax - 100 {
			if c.WritePing(false, [8]byte{1}) != nil {
				break
			}
		}
		most := 0
		soon(t, func() bool {
			k.mu.Lock()
			defer k.mu.Unlock()
			most = max(most, len(k.control))
			return k.over
		}, "the connection does not end")
		assert.Less(t, most, 4*maxControl)
		r.idleAgain(u)
	})
}

// TestResetsThatWait checks that streams which are reset before they are served cannot
// pile up behind others (CVE-2023-44487).
func TestResetsThatWait(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		goOn := make(chan bool)
		p := r.worker(func(w http.ResponseWriter, req *http.Request) { <-goOn })
		c := r.raw()
		k := r.server.all()[0]
		// Jobs that do not end although their clients are gone.
		k.mu.Lock()
		k.jobs += maxStreams
		k.mu.Unlock()
		for range maxWaiting + 1 {
			id := c.ask(get(), true)
			_ = c.WriteRSTStream(id, http2.ErrCodeCancel)
		}
		assert.Equal(t, "ENHANCE_YOUR_CALM", c.untilEnd())
		k.mu.Lock()
		k.jobs -= maxStreams
		assert.Empty(t, k.waiting)
		k.mu.Unlock()
		close(goOn)
		r.idleAgain(p)
	})
}

// TestOrder checks that the fields keep their order, and that cookies become one field.
func TestOrder(t *testing.T) {
	r := newRig(t, "", nil)
	heads := make(chan string, 1)
	ln, _ := r.socket()
	go func() {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		b := make([]byte, 4096)
		n, _ := conn.Read(b)
		heads <- string(b[:n])
		_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\nx-z: 1\r\nx-a: 2\r\nx-z: 3\r\n\r\n")
	}()
	c := r.raw()
	got := c.hear(c.ask(get("x-z: 1", "cookie: a=b", "x-a: 2", "cookie: c=d", "x-z: 3"), true))
	assert.Equal(t, []string{"x-z: 1", "x-a: 2", "x-z: 3"}, got.fields)
	head := <-heads
	at := -1
	for _, line := range []string{"x-z: 1\r\n", "cookie: a=b; c=d\r\n", "x-a: 2\r\n", "x-z: 3\r\n"} {
		i := strings.Index(head, line)
		require.Greater(t, i, at, head)
		at = i
	}
	assert.Equal(t, 1, strings.Count(head, "cookie"))
}

// TestSmallTable checks that a client may forbid the table of header compression.
func TestSmallTable(t *testing.T) {
	for _, size := range []uint32{0, 100, 1 << 31} {
		r := newRig(t, "", nil)
		r.worker(hello)
		c := r.raw(http2.Setting{ID: http2.SettingHeaderTableSize, Val: size})
		c.ReadMetaHeaders.SetAllowedMaxDynamicTableSize(min(size, tableSize))
		for range 3 {
			got := c.hear(c.ask(get(), true))
			assert.Equal(t, "200", got.status)
			assert.Contains(t, got.fields, "content-length: 12")
		}
	}
}

// TestClientLeaves checks that a client which says GOAWAY gets the answers that it waits
// for, and that the connection ends then.
func TestClientLeaves(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		arrived, goOn := r.slowWorker()
		c := r.raw()
		id := c.ask(get(":path: /slow"), true)
		<-arrived
		require.NoError(t, c.WriteGoAway(0, http2.ErrCodeNo, nil))
		c.goAwayOf()
		goOn <- true
		assert.Equal(t, "200", c.hear(id).status)
		assert.Equal(t, "", c.untilEnd())
	})
}

// TestLargeHead checks an answer whose head needs several frames.
func TestLargeHead(t *testing.T) {
	r := newRig(t, "", nil)
	value := strings.Repeat("Abc/", 2500)
	r.worker(func(w http.ResponseWriter, req *http.Request) {
		for range 6 {
			w.Header().Add("X-Large", value)
		}
		hello(w, req)
	})
	c := r.raw()
	got := c.hear(c.ask(get(), true))
	assert.Equal(t, "200", got.status)
	count := 0
	for _, f := range got.fields {
		if f == "x-large: "+value {
			count++
		}
	}
	assert.Equal(t, 6, count)
	assert.Equal(t, "hello world\n", got.body)
}
