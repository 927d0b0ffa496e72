package accesslog

import (
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/result"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// A Terminal shows a short line for each request to a person, such as
// "16:18:31 200 GET /ml → ml.0 12 ms". Its writer must not block.
type Terminal struct {
	Out      io.Writer // gets one line with each write
	Colored  bool
	ASCII    bool // the terminal knows no other characters
	IsStdout bool // standard output is a terminal, too

	mu  sync.Mutex // guards buf
	buf []byte
}

// shows reports whether a terminal shows requests besides an access log. It does
// not repeat the lines of access_log=True.
func (t *Terminal) shows(log plan.AccessLog) bool {
	return t != nil && log != plan.AccessLogOff && !(log == plan.AccessLogStdout && t.IsStdout)
}

// show writes the line of a result.
func (t *Terminal) show(r *result.Result, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = t.appendLine(t.buf[:0], r, now)
	_, _ = t.Out.Write(t.buf) // a terminal that is gone needs no line
}

const (
	dim   = "\x1b[2m"
	reset = "\x1b[0m"
)

// classes are the colors of the statuses by their first digit.
var classes = [...]string{2: "\x1b[32m", 3: "\x1b[36m", 4: "\x1b[33m", 5: "\x1b[31m"} // only read

func (t *Terminal) appendLine(b []byte, r *result.Result, now time.Time) []byte {
	b = t.appendColor(b, dim)
	b = now.AppendFormat(b, time.TimeOnly)
	b = append(t.appendColor(b, reset), ' ')
	if class := r.Status / 100; class >= 0 && class < len(classes) {
		b = t.appendColor(b, classes[class])
	}
	b = strconv.AppendInt(b, int64(r.Status), 10)
	b = append(t.appendColor(b, reset), ' ')
	if r.Unparsed() {
		b = t.appendCut(append(b, '"'), r.Line)
		b = append(b, '"')
	} else {
		b = append(t.appendCut(b, r.Request.Method), ' ')
		b = t.appendCut(b, r.Request.Target)
	}
	if r.Group != "" {
		b = append(t.appendArrow(b), r.Group...)
		if r.Worker >= 0 {
			b = strconv.AppendInt(append(b, '.'), int64(r.Worker), 10)
		}
	} else if r.Router != "" {
		b = append(t.appendArrow(b), "router"...)
	}
	b = appendShort(append(b, ' '), r.Took)
	if r.Queued > 0 {
		b = appendShort(append(b, ", queued "...), r.Queued)
	}
	if r.Kind != "" {
		b = append(append(b, ": "...), visible.String(r.Reason)...)
	}
	return append(b, '\n')
}

// appendColor appends a color, if the terminal has colors.
func (t *Terminal) appendColor(b []byte, color string) []byte {
	if !t.Colored {
		return b
	}
	return append(b, color...)
}

func (t *Terminal) appendArrow(b []byte) []byte {
	if t.ASCII {
		return append(b, " -> "...)
	}
	return append(b, " → "...)
}

// maxShown is the length from which on the text of a client is cut.
const maxShown = 160

// appendCut appends the beginning of a text from a client, escaped.
func (t *Terminal) appendCut(b, text []byte) []byte {
	if len(text) <= maxShown {
		return appendEscaped(b, text)
	}
	b = appendEscaped(b, text[:maxShown])
	if t.ASCII {
		return append(b, "..."...)
	}
	return append(b, "…"...)
}

// appendShort appends a duration with two or three digits and its unit.
func appendShort(b []byte, d time.Duration) []byte {
	ms := float64(max(d, 0)) / float64(time.Millisecond)
	switch {
	case ms < 9.95:
		return append(strconv.AppendFloat(b, ms, 'f', 1, 64), " ms"...)
	case ms < 999.5:
		return append(strconv.AppendFloat(b, ms, 'f', 0, 64), " ms"...)
	}
	return append(strconv.AppendFloat(b, ms/1000, 'f', 1, 64), " s"...)
}
