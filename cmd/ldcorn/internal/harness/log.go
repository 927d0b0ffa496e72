package harness

import (
	"bytes"
	"regexp"
	"sync"
)

// Listening matches the log line, text or JSON, in which ldcorn says that it
// serves. Its group is the address.
var Listening = regexp.MustCompile(`(?m)^.*\blistening\b.*\baddr"?[=:]"?([^\s"]+)`)

// A Log collects what a process writes. The zero Log is ready for use; its
// methods are safe from any goroutine.
type Log struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// All returns a copy of everything that was written.
func (l *Log) All() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.buf.Bytes())
}
