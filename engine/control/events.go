package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// Events calls tell for each event that want asks for. Lost is how many events
// before it were lost, because the client reads too slowly. Events returns the first
// error of tell.
func (c *Client) Events(ctx context.Context, want TailRequest, tell func(e api.ControlEvent, lost uint64) error) error {
	lost := uint64(0)
	return c.tail(ctx, "/v1/events", want, func(lines []byte) error {
		for text := range bytes.Lines(lines) {
			var l api.EventLine
			if err := json.Unmarshal(text, &l); err != nil {
				return c.failed(fmt.Errorf("its answer makes no sense: %w", err))
			}
			lost += l.Lost
			if l.ControlEvent == nil {
				continue
			}
			visible.Strings(l.ControlEvent)
			if err := tell(*l.ControlEvent, lost); err != nil {
				return err
			}
			lost = 0
		}
		return nil
	})
}

// An eventSource reads the master's events. It writes a line of JSON for each, and
// one that says how many events were lost, if some were.
type eventSource struct{ *event.Reader }

func (s eventSource) WriteTo(w io.Writer) (int64, error) {
	events, lost := s.Take()
	var text bytes.Buffer
	lines := json.NewEncoder(&text)
	if lost > 0 {
		_ = lines.Encode(api.EventLine{Lost: lost}) // this cannot fail, here and below
	}
	for i := range events {
		_ = lines.Encode(api.EventLine{ControlEvent: &events[i]})
	}
	return text.WriteTo(w)
}
