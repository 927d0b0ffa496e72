package visible

import (
	"io"
	"os"
	"sync"
	"unicode/utf8"
)

// A Writer makes what is written to it safe, as Text does, and passes it on.
// Its methods are safe to call from any goroutine.
type Writer struct {
	out    io.Writer
	colors func() Colors

	mu   sync.Mutex // guards all fields below
	rest []byte     // the beginning of a character, or of a sequence that sets colors
	buf  []byte
}

// NewWriter returns a Writer to out. It calls colors on each write.
func NewWriter(out io.Writer, colors func() Colors) *Writer { return &Writer{out: out, colors: colors} }

// Write writes p. If p ends within a character or a sequence that sets colors,
// the beginning of that waits for the next Write, or for Flush.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	src := p
	if len(w.rest) > 0 {
		src = append(w.rest, p...)
	}
	whole := len(src) - unfinished(src)
	w.buf = w.append(w.buf[:0], src[:whole])
	w.rest = append([]byte(nil), src[whole:]...)
	if _, err := w.out.Write(w.buf); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush writes an incomplete character or sequence that Write kept.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.rest) == 0 {
		return nil
	}
	w.buf = w.append(w.buf[:0], w.rest)
	w.rest = nil
	_, err := w.out.Write(w.buf)
	return err
}

func (w *Writer) append(b, src []byte) []byte {
	colors := w.colors()
	for len(src) > 0 {
		n := plainPrefix(src)
		b, src = append(b, src[:n]...), src[n:]
		if len(src) > 0 {
			b, n = appendOne(b, src, colors)
			src = src[n:]
		}
	}
	return b
}

// unfinished returns the length of the suffix of b that may be incomplete.
func unfinished(b []byte) int {
	for i := len(b) - 1; i >= 0 && i > len(b)-maxColor; i-- {
		c := b[i]
		if c == 0x1b {
			if tail := b[i:]; colorSequence(tail) == 0 && mayBeColor(tail) {
				return len(tail)
			}
			return 0
		}
		if len(b)-i <= utf8.UTFMax && utf8.RuneStart(c) && c >= utf8.RuneSelf && !utf8.FullRune(b[i:]) {
			return len(b) - i
		}
		if c != ';' && c != ':' && c != '[' && (c < '0' || c > '9') && utf8.RuneStart(c) {
			return 0
		}
	}
	return 0
}

// mayBeColor reports whether b may be the beginning of a sequence that sets
// colors.
func mayBeColor(b []byte) bool {
	for i, c := range b {
		switch {
		case i == 0, i == 1 && c == '[', i > 1 && (c == ';' || c == ':' || c >= '0' && c <= '9'):
		default:
			return false
		}
	}
	return true
}

// Raw returns the writer behind any Writers, for code that draws on a terminal
// and has made its texts safe itself.
func Raw(out io.Writer) io.Writer {
	if w, ok := out.(*Writer); ok {
		return Raw(w.out)
	}
	return out
}

// File returns the file that out ultimately writes to, or nil.
func File(out io.Writer) *os.File {
	f, _ := Raw(out).(*os.File)
	return f
}
