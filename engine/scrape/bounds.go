package scrape

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// The bounds of the page of a worker. Each line and each label becomes many times as much
// in memory, and the parser compares each label of a line with all before it.
const (
	maxLines      = 100_000
	maxLine       = 64 << 10 // bytes
	maxLineLabels = 64
	maxLabels     = 300_000
)

// errTooMuch means that a page is beyond the bounds.
var errTooMuch = errors.New("the page is too long")

// errOpenText means that a line ends within a quoted text.
var errOpenText = errors.New(`a line ends within a text in quotes: escape line ends as \n`)

// checkBounds looks whether a page is within the bounds, in one pass and without memory.
func checkBounds(page []byte) error {
	labels := 0
	for n := 1; len(page) > 0; n++ {
		line, rest, _ := bytes.Cut(page, newline)
		page = rest
		if n > maxLines {
			return fmt.Errorf("%w: it has more than %d lines", errTooMuch, maxLines)
		}
		if len(line) > maxLine {
			return fmt.Errorf("%w: line %d has %d bytes, and the most is %d", errTooMuch, n, len(line), maxLine)
		}
		here, err := countLabels(line)
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if here > maxLineLabels {
			return fmt.Errorf("%w: line %d has %d labels, and the most is %d", errTooMuch, n, here, maxLineLabels)
		}
		if labels += here; labels > maxLabels {
			return fmt.Errorf("%w: it has more than %d labels", errTooMuch, maxLabels)
		}
	}
	return nil
}

var newline = []byte("\n")

// countLabels counts the labels of a line: each has an equals sign outside of quotes.
func countLabels(line []byte) (n int, err error) {
	if line = bytes.TrimLeft(line, " \t"); len(line) == 0 || line[0] == '#' {
		return 0, nil
	}
	quoted := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && c == '=':
			n++
		}
	}
	if quoted {
		return n, errOpenText
	}
	return n, nil
}

// A stoppable reader fails once ctx is done, so that no parser goes on.
type stoppable struct {
	ctx  context.Context
	from io.Reader
}

func (r stoppable) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.from.Read(p)
}
