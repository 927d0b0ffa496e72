// Package logtest holds what tests need to read a log while it is being written.
package logtest

import (
	"strings"
	"sync"
)

// A Text is a log in memory. The zero Text is empty and ready for use, from any
// goroutine.
type Text struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

// Write appends to the log. It never fails.
func (t *Text) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

// String returns everything that was written so far.
func (t *Text) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}
