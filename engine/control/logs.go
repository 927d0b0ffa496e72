package control

import (
	"context"
	"io"
	"slices"

	"github.com/ldcorn/ldcorn/engine/logbook"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// Logs copies lines of the master's log to w, in the form that they have there,
// and without control characters.
func (c *Client) Logs(ctx context.Context, want TailRequest, w io.Writer) error {
	harmless := visible.NewWriter(w, func() visible.Colors { return visible.Drop })
	err := c.tail(ctx, "/v1/logs", want, func(lines []byte) error {
		_, err := harmless.Write(lines)
		return err
	})
	if err != nil {
		return err
	}
	return harmless.Flush()
}

// A logSource is the master's log. Its client is told how many lines it has
// missed.
type logSource struct {
	*logbook.Reader
	lost func(n uint64) []byte // the line that tells that
	buf  []byte
}

func (s *logSource) WriteTo(w io.Writer) (int64, error) {
	lines, lost := s.Take(s.buf[:0])
	s.buf = lines
	if lost > 0 {
		lines = slices.Insert(lines, 0, s.lost(lost)...)
	}
	if len(lines) == 0 {
		return 0, nil
	}
	n, err := w.Write(lines)
	return int64(n), err
}
