package http2

import (
	"time"

	"golang.org/x/net/http2"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A calm counts the frames of a client that move nothing, such as PING, SETTINGS,
// PRIORITY, and DATA that is empty or padding, and the requests that it takes back, or
// has taken back by an error of its own. Each costs work, and a client could send
// nothing else (CVE-2019-9512, CVE-2019-9515, CVE-2019-9518, CVE-2023-44487,
// CVE-2025-8671).
type calm struct {
	left int // frames that may still come
	at   netloop.Time
}

const (
	calmMax     = 10_000 // frames that may come at once
	calmRate    = 100    // frames in a second that may always come
	calmPerHead = 10     // frames that come with a request, such as WINDOW_UPDATE
	calmPart    = 1 << 10

	resetCost = calmPerHead + 1 // of a RST_STREAM: it takes back what its request has given
)

func (c *calm) begin(now netloop.Time) { *c = calm{left: calmMax, at: now} }

// judge counts frames, and returns false if they are too many.
func (c *calm) judge(now netloop.Time, idle, heads, payload int) bool {
	if passed := now.Sub(c.at); passed > time.Second/calmRate {
		c.left += int(min(passed, time.Hour).Seconds() * calmRate)
		c.at = now
	}
	c.left = min(c.left+heads*calmPerHead+payload/calmPart, calmMax) - idle
	return c.left >= 0
}

// A blame counts what the resets cost that a client has provoked. Those without an
// error, and those because of an internal one, are our own.
type blame struct {
	cost int    // since take
	last uint32 // the stream of the last reset
}

// add counts a reset. A further one of a stream takes back nothing: parts of a body can
// still be on their way when their stream ends.
func (b *blame) add(id uint32, code http2.ErrCode) {
	again := b.last == id
	b.last = id
	switch {
	case code == http2.ErrCodeNo || code == http2.ErrCodeInternal:
	case again:
		b.cost++
	default:
		b.cost += resetCost
	}
}

// take returns what was counted since the last call.
func (b *blame) take() int {
	cost := b.cost
	b.cost = 0
	return cost
}
