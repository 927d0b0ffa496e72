package control

import (
	"fmt"
	"io"
	"net/http"
	"time"
)

// The most bytes that a client reads, since the program at the socket can be
// something other than a master.
const (
	maxHead   = 64 << 10 // of the head of an answer
	maxStatus = 8 << 20  // of a status, which has about a kilobyte for each worker
	maxAnswer = 64 << 20 // of any other answer, such as all steps of a reload; see maxTail
)

// How long a client waits for an answer that the master has at once, and for an
// answer that takes an evaluation of the configuration.
const (
	quick      = 30 * time.Second
	evaluating = 2 * time.Minute
)

// noRedirect makes the client treat a redirect as any other answer. A master sends
// none.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// A bounded reader fails if it is read again after it has returned its limit of
// bytes.
type bounded struct {
	from io.Reader
	most int64 // the limit, for the error
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
