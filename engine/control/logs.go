package control

import (
	"context"
	"io"
	"slices"

	"github.com/ldcorn/ldcorn/engine/logbook"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// Logs copies lines of the master's log to w, in the format of the log, without
// control characters.
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

// A logSource reads the master's log. If lines are lost because the client reads too
// slowly, it writes a line that says how many.
type logSource struct {
	*logbook.Reader
	lost func(n uint64) []byte // returns that line
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
