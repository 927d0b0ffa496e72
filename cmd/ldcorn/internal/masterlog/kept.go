package masterlog

import (
	"context"
	"log/slog"
	"sync"

	"github.com/ldcorn/ldcorn/engine/logbook"
)

// A keptHandler writes each record to the log, and keeps it in a book under the
// group that the record names.
type keptHandler struct {
	slog.Handler              // writes the log
	copy         slog.Handler // writes to keeper
	keeper       *keeper
	group        string // from the attributes that every record gets
}

// A keeper adds the lines of one record at a time to a book.
type keeper struct {
	book  *logbook.Book
	mu    sync.Mutex // guards group
	group string     // of the record that is being written
}

// Write implements io.Writer. The handler that calls it holds mu.
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

// groupOf returns the group that an attribute names, or otherwise.
func groupOf(a slog.Attr, otherwise string) string {
	if a.Key == "group" && a.Value.Kind() == slog.KindString {
		return a.Value.String()
	}
	return otherwise
}
