package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// How much the log may run ahead of whoever reads it, and how long the end of
// the program waits for them.
const (
	sinkLimit = 16 << 20 // bytes
	sinkGrace = 5 * time.Second
)

// A sink writes to out from a goroutine of its own, so that a terminal that
// is held or a pipe that is full stops neither the proxy nor a worker. Writes
// stay whole and in order. When the reader is too far behind, whole writes are
// dropped, and a line says how many.
type sink struct {
	out  io.Writer
	done chan struct{} // closed when everything is written

	mu     sync.Mutex // guards all below
	filled sync.Cond  // buf or closed has changed
	buf    []byte
	lost   int
	closed bool
}

// newSink returns a sink that writes until it is closed.
func newSink(out io.Writer) *sink {
	s := &sink{out: out, done: make(chan struct{})}
	s.filled.L = &s.mu
	go s.run() // waited for by Close
	return s
}

// Write keeps a copy of p and never fails.
func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.buf)+len(p) > sinkLimit || s.closed {
		s.lost++
		return len(p), nil
	}
	s.buf = append(s.buf, p...)
	s.filled.Signal()
	return len(p), nil
}

// Close writes what is left and waits for it, within reason.
func (s *sink) Close() {
	s.mu.Lock()
	s.closed = true
	s.filled.Signal()
	s.mu.Unlock()
	select {
	case <-s.done:
	case <-time.After(sinkGrace): // nobody reads
	}
}

func (s *sink) run() {
	defer close(s.done)
	var spare []byte
	for {
		chunk, lost := s.next(spare)
		if chunk == nil {
			return
		}
		_, _ = s.out.Write(chunk) // there is no place left to report to
		if lost > 0 {
			fmt.Fprintf(s.out, "ldcorn: %d lines of this log were dropped: it is read too slowly\n", lost)
		}
		spare = chunk[:0]
	}
}

// next waits for something to write; nil means that the end has come.
func (s *sink) next(spare []byte) (chunk []byte, lost int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.buf) == 0 && !s.closed {
		s.filled.Wait()
	}
	if len(s.buf) == 0 {
		return nil, 0
	}
	chunk, lost = s.buf, s.lost
	s.buf, s.lost = spare, 0
	return chunk, lost
}
