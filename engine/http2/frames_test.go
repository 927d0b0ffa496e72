package http2

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
)

// TestFrames checks what is seen of frames, however they are cut into pieces.
func TestFrames(t *testing.T) {
	var buf bytes.Buffer
	buf.WriteString(http2.ClientPreface)
	w := http2.NewFramer(&buf, nil)
	var at []int // where a frame can be put in
	mark := func(err error) { require.NoError(t, err); at = append(at, buf.Len()) }
	at = append(at, buf.Len())
	mark(w.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1 << 15}, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 7}))
	mark(w.WriteWindowUpdate(0, 1<<20))
	mark(w.WriteWindowUpdate(3, 1<<21))
	require.NoError(t, w.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte("abc")}))
	require.NoError(t, w.WriteContinuation(1, false, []byte("def")))
	mark(w.WriteContinuation(1, true, nil))
	mark(w.WriteData(1, false, []byte("hello")))
	mark(w.WriteData(1, false, nil))
	mark(w.WriteDataPadded(1, false, []byte("you"), make([]byte, 200)))
	mark(w.WriteDataPadded(1, false, nil, make([]byte, 200))) // as idle as an empty one
	mark(w.WriteDataPadded(1, false, nil, []byte{}))
	mark(w.WriteDataPadded(1, true, nil, make([]byte, 10)))
	mark(w.WriteData(3, true, nil))
	mark(w.WriteRSTStream(3, http2.ErrCodeNo))
	mark(w.WriteRSTStream(3, http2.ErrCodeStreamClosed)) // a body was still on its way
	mark(w.WriteRSTStream(5, http2.ErrCodeInternal))
	mark(w.WriteRSTStream(7, http2.ErrCodeProtocol))
	for size := 1; size < 40; size++ {
		var f frames
		f.expectPreface()
		for b := buf.Bytes(); len(b) > 0; b = b[min(size, len(b)):] {
			f.scan(b[:min(size, len(b))])
			done := buf.Len() - len(b) + min(size, len(b))
			assert.Equal(t, contains(at, done), f.between(), "after %d bytes", done)
		}
		idle, heads, payload := f.take()
		assert.Equal(t, []int{8 + 4*resetCost, 1, 8}, []int{idle, heads, payload})
	}
}

func contains(all []int, n int) bool {
	for _, x := range all {
		if x == n {
			return true
		}
	}
	return false
}
