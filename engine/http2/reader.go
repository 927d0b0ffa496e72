package http2

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"golang.org/x/net/http2"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A reader takes the frames of a client, in a fork of the connection's task. It does
// what they say under the lock of the connection, frame by frame.
type reader struct {
	k     *conn
	src   source
	fr    *http2.Framer
	large bool // fr has memory for a large frame
	block block
	most  int  // size of a head, see block.most
	begun bool // the client's SETTINGS have come
}

func (r *reader) init(k *conn) {
	r.k, r.src.k = k, k
	r.src.in.expectPreface()
	r.src.calm.begin(k.t.Now())
	r.block.init()
	r.renew()
}

// renew forgets what the Framer remembers: only where the last frame has ended, and
// the memory for the largest one.
func (r *reader) renew() {
	r.fr = http2.NewFramer(nil, &r.src)
	r.fr.SetMaxReadFrameSize(maxFrame)
	r.large = false
}

// run is the fork.
func (r *reader) run(t netloop.Task) {
	defer r.src.drop()
	t.Watch(r.k.c, []byte{}) // so that a client that is gone is noticed
	r.src.t = t
	err := r.takeAll()
	var fault http2.ConnectionError
	switch {
	case r.src.err == netloop.ErrTimeout:
		r.k.fail(http2.ErrCodeEnhanceYourCalm)
	case r.src.err == netloop.ErrEnough || r.src.err == netloop.ErrStopped:
	case r.src.err == nil && errors.As(err, &fault):
		detail := r.fr.ErrorDetail()
		r.k.s.opts.Log.Debug("HTTP/2 connection", slog.Any("err", errors.Join(err, detail)))
		r.k.fail(http2.ErrCode(fault))
	default:
		r.k.lose()
	}
}

var errPreface = fmt.Errorf("no preface of HTTP/2: %w", http2.ConnectionError(http2.ErrCodeProtocol))

// takeAll takes the preface and frames until an error.
func (r *reader) takeAll() error {
	var preface [prefaceLen]byte
	if _, err := io.ReadFull(&r.src, preface[:]); err != nil {
		return err
	}
	if !bytes.Equal(preface[:], []byte(http2.ClientPreface)) {
		return errPreface
	}
	for {
		if r.large && r.src.in.between() && r.src.at == r.src.to {
			r.renew()
		}
		if err := r.takeFrame(); err != nil {
			var fault http2.StreamError
			if !errors.As(err, &fault) {
				return err
			}
			if err := r.k.punish(fault.StreamID, fault.Code); err != nil {
				return err
			}
		}
		r.src.t.Spend(1)
	}
}

// keptFrame is the size of a frame for which memory is kept while the client rests.
const keptFrame = 1 << 10

// takeFrame takes a frame.
func (r *reader) takeFrame() error {
	fh, err := r.fr.ReadFrameHeader()
	switch {
	case errors.Is(err, http2.ErrFrameTooLarge):
		return http2.ConnectionError(http2.ErrCodeFrameSize)
	case err != nil:
		return err
	case !r.begun && (fh.Type != http2.FrameSettings || fh.Flags.Has(http2.FlagSettingsAck)):
		return http2.ConnectionError(http2.ErrCodeProtocol)
	case fh.Type == http2.FrameData:
		return r.takeData(fh)
	}
	r.large = r.large || fh.Length > keptFrame
	f, err := r.fr.ReadFrameForHeader(fh)
	if err != nil {
		var fault http2.StreamError
		if fh.Type == http2.FrameHeaders && errors.As(err, &fault) {
			return http2.ConnectionError(fault.Code) // the block was not decoded
		}
		return err
	}
	return r.handle(f)
}

// handle does what a frame says.
func (r *reader) handle(f http2.Frame) error {
	k := r.k
	switch f := f.(type) {
	case *http2.HeadersFrame:
		r.block.begin(f, r.most)
		return r.takeBlock(f.HeaderBlockFragment(), f.HeadersEnded())
	case *http2.ContinuationFrame:
		return r.takeBlock(f.HeaderBlockFragment(), f.HeadersEnded())
	case *http2.SettingsFrame:
		r.begun = true
		return k.takeSettings(f)
	case *http2.WindowUpdateFrame:
		return k.takeWindow(f.StreamID, int64(f.Increment))
	case *http2.RSTStreamFrame:
		return k.takeReset(f.StreamID)
	case *http2.PingFrame:
		if !f.IsAck() {
			k.sayControl(func(b []byte) []byte { return appendPong(b, f.Data) })
		}
	case *http2.PriorityFrame:
		if f.StreamDep == f.StreamID { // RFC 7540 section 5.3.1
			return http2.StreamError{StreamID: f.StreamID, Code: http2.ErrCodeProtocol}
		}
	case *http2.GoAwayFrame:
		k.leave()
	case *http2.PushPromiseFrame:
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	return nil
}

// takeBlock takes a fragment of a header block, and acts on the block once it is whole.
func (r *reader) takeBlock(fragment []byte, last bool) error {
	if err := r.block.take(fragment, last); err != nil || !last {
		return err
	}
	return r.k.takeBlock(r.src.t, &r.block)
}
