package control

import (
	"fmt"
	"io"
	"net/http"
	"time"
)

// What a client takes from a master, which may be another program than it
// should be.
const (
	maxHead   = 64 << 10 // bytes of an answer's head
	maxStatus = 8 << 20  // of a status, which is about a kilobyte a worker
	maxAnswer = 64 << 20 // of any other answer, such as all steps of a reload; see maxTail
)

// How long a client waits for an answer that the master has at once, and for
// one that it must read its configuration for.
const (
	quick      = 30 * time.Second
	evaluating = 2 * time.Minute
)

// noRedirect makes a redirect an answer as any other: a master sends none.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// A bounded reader fails where there is more than may be left.
type bounded struct {
	from io.Reader
	most int64
	left int64
}

func limited(from io.Reader, most int64) *bounded { return &bounded{from, most, most} }

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("its answer is too long; the most is %d MiB", b.most>>20)
	}
	n, err := b.from.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
