package builtin

import (
	"fmt"
	"strings"
	"time"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/starlark/diag"
)

// checkUnit warns about a plain number that its author most likely meant in
// another unit than the one of its argument: bytes or seconds. A number with a
// unit has no warning.
func (c *call) checkUnit(g *given, unit string, long bool) {
	n, ok := plainNumber(g.value)
	if !ok {
		return
	}
	switch unit {
	case "bytes":
		if n > 0 && n < leastBytes {
			c.warn(diag.Diagnostic{Code: codeUnit, Span: g.span,
				Message: fmt.Sprintf("`%s` is %s", g.arg.Name, counted(n, "byte")),
				Label:   fmt.Sprintf("did you mean \"%dMiB\"? if not, write \"%dB\"", n, n)})
		}
	case "seconds":
		if looksLikeMilliseconds(n, long) {
			c.warn(diag.Diagnostic{Code: codeUnit, Span: g.span,
				Message: fmt.Sprintf("`%s` is %d seconds, which is %s", g.arg.Name, n, shortDuration(time.Duration(n)*time.Second)),
				Label: fmt.Sprintf("did you mean %q? if not, write %q",
					shortDuration(time.Duration(n)*time.Millisecond), shortDuration(time.Duration(n)*time.Second))})
		}
	}
}

// leastBytes is the least size that is worth writing without a unit.
const leastBytes = 1024

// plainNumber returns a number without a unit. It reports false for other values,
// and for fractions.
func plainNumber(v starlark.Value) (int64, bool) {
	switch v := v.(type) {
	case starlark.Int:
		return v.Int64()
	case starlark.Float:
		n := int64(v)
		return n, starlark.Float(n) == v
	}
	return 0, false
}

// looksLikeMilliseconds reports whether a number of seconds is most likely one of
// milliseconds: it is one of whole seconds then, and no number of hours, or it is
// more than a day. Long says that a day is nothing unusual.
func looksLikeMilliseconds(n int64, long bool) bool {
	const second, hour, day = 1000, 3600, 24 * 3600
	if long {
		return n >= 1000*second && n%second == 0
	}
	return n >= second && n%second == 0 && n%hour != 0 || n > day
}

// shortDuration returns a duration as the configuration writes it, such as "8h20m".
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// counted returns a number of things.
func counted(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
