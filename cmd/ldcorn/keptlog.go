package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/logbook"
)

// A keptHandler also keeps what is logged in a book, beside what the workers
// print: under the group that it is about.
type keptHandler struct {
	slog.Handler              // writes the log
	copy         slog.Handler // writes to keeper
	keeper       *keeper
	group        string // of the attributes that every record gets
}

// A keeper takes the lines of one record at a time.
type keeper struct {
	book  *logbook.Book
	mu    sync.Mutex // guards group
	group string     // of the record that is being written
}

func (k *keeper) Write(line []byte) (int, error) {
	k.book.Add(k.group, line)
	return len(line), nil
}

// Handle implements slog.Handler.
func (h *keptHandler) Handle(ctx context.Context, r slog.Record) error {
	group := h.group
	r.Attrs(func(a slog.Attr) bool {
		group = groupOf(a, group)
		return true
	})
	h.keeper.mu.Lock()
	h.keeper.group = group
	_ = h.copy.Handle(ctx, r) // a keeper never fails
	h.keeper.mu.Unlock()
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h *keptHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.Handler, with.copy = h.Handler.WithAttrs(attrs), h.copy.WithAttrs(attrs)
	for _, a := range attrs {
		with.group = groupOf(a, with.group)
	}
	return &with
}

// WithGroup implements slog.Handler.
func (h *keptHandler) WithGroup(name string) slog.Handler {
	with := *h
	with.Handler, with.copy = h.Handler.WithGroup(name), h.copy.WithGroup(name)
	return &with
}

// groupOf is the group that an attribute names, or else another.
func groupOf(a slog.Attr, otherwise string) string {
	if a.Key == "group" && a.Value.Kind() == slog.KindString {
		return a.Value.String()
	}
	return otherwise
}

// lostLines returns what writes the line that tells how many lines somebody has
// missed who reads the book, in the form of the log.
func lostLines(format string) func(uint64) []byte {
	return func(n uint64) []byte {
		var line strings.Builder
		r := slog.NewRecord(time.Now(), slog.LevelWarn, fmt.Sprintf("%d lines are missing here: this was read too slowly", n), 0)
		_ = newHandler(&line, format, slog.LevelInfo).Handle(context.Background(), r) // it is in memory
		return []byte(line.String())
	}
}
