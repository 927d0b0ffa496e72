package http2

import (
	"encoding/binary"

	"golang.org/x/net/http2"
)

const (
	frameHeaderLen = 9
	maxFrame       = 16 << 10 // of the payload of a frame, both ways
	settingLen     = 6
	pingLen        = 8

	defaultWindow = 65_535
	maxWindow     = 1<<31 - 1

	noStream    = 0         // the stream of frames that are about the connection
	everyStream = 1<<31 - 1 // the last stream of a GOAWAY that rejects none
	noFlags     = http2.Flags(0)
)

// appendFrame appends the header of a frame with n bytes of payload.
func appendFrame(b []byte, kind http2.FrameType, flags http2.Flags, id uint32, n int) []byte {
	b = append(b, byte(n>>16), byte(n>>8), byte(n), byte(kind), byte(flags))
	return binary.BigEndian.AppendUint32(b, id)
}

func appendReset(b []byte, id uint32, code http2.ErrCode) []byte {
	b = appendFrame(b, http2.FrameRSTStream, noFlags, id, 4)
	return binary.BigEndian.AppendUint32(b, uint32(code))
}

func appendWindow(b []byte, id uint32, n int64) []byte {
	b = appendFrame(b, http2.FrameWindowUpdate, noFlags, id, 4)
	return binary.BigEndian.AppendUint32(b, uint32(n))
}

// appendGoAway appends a GOAWAY that rejects the streams after the last one.
func appendGoAway(b []byte, last uint32, code http2.ErrCode) []byte {
	b = appendFrame(b, http2.FrameGoAway, noFlags, noStream, 8)
	b = binary.BigEndian.AppendUint32(b, last)
	return binary.BigEndian.AppendUint32(b, uint32(code))
}

func appendPong(b []byte, data [pingLen]byte) []byte {
	b = appendFrame(b, http2.FramePing, http2.FlagPingAck, noStream, pingLen)
	return append(b, data[:]...)
}

func appendSettingsAck(b []byte) []byte {
	return appendFrame(b, http2.FrameSettings, http2.FlagSettingsAck, noStream, 0)
}

func appendSettings(b []byte, settings ...http2.Setting) []byte {
	b = appendFrame(b, http2.FrameSettings, noFlags, noStream, settingLen*len(settings))
	for _, s := range settings {
		b = binary.BigEndian.AppendUint16(b, uint16(s.ID))
		b = binary.BigEndian.AppendUint32(b, s.Val)
	}
	return b
}

// appendData appends a DATA frame.
func appendData(b []byte, id uint32, p []byte, end bool) []byte {
	flags := noFlags
	if end {
		flags = http2.FlagDataEndStream
	}
	return append(appendFrame(b, http2.FrameData, flags, id, len(p)), p...)
}

// appendBlock appends a header block, in as many frames as it needs.
func appendBlock(b []byte, id uint32, block []byte, end bool) []byte {
	kind, flags := http2.FrameHeaders, noFlags
	if end {
		flags = http2.FlagHeadersEndStream
	}
	for {
		n := min(len(block), maxFrame)
		if n == len(block) {
			flags |= http2.FlagHeadersEndHeaders
		}
		b = append(appendFrame(b, kind, flags, id, n), block[:n]...)
		if block = block[n:]; len(block) == 0 {
			return b
		}
		kind, flags = http2.FrameContinuation, noFlags
	}
}
