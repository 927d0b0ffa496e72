package proxy

import (
	"github.com/ldcorn/ldcorn/engine/buffer"
	"github.com/ldcorn/ldcorn/engine/netloop"
)

// The fork of an ahead hands what it has read to the request's task through kept.
// These are the steps of the two tasks, and how each waits for the other.

// changed wakes the task that waits for a change. The caller holds mu.
func (h *ahead) changed() {
	if t := h.waiter; t != nil {
		h.waiter = nil
		t.Wake()
	}
}

// wait waits for a change, until a moment. The caller holds mu.
func (h *ahead) wait(t netloop.Task, until netloop.Time) error {
	h.waiter = t
	h.mu.Unlock()
	err := t.Park(until)
	h.mu.Lock()
	if h.waiter == t {
		h.waiter = nil
	}
	return err
}

func (h *ahead) await(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.awaiting = on; on {
		h.changed()
	}
}

// keep keeps a part of the answer. It returns the rest, for which there is no room.
func (h *ahead) keep(t netloop.Task, part []byte) []byte {
	for len(part) > 0 {
		room, err := h.room(t, len(part))
		if err != nil {
			return part
		}
		n, err := h.append(t, part[:room])
		if part = part[n:]; err != nil {
			return part
		}
	}
	return nil
}

// room waits until some of n bytes have room, and returns how many.
func (h *ahead) room(t netloop.Task, n int) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		held := h.came - h.taken
		room := min(int64(n), h.size-held)
		switch {
		case held == 0 && room > 0:
			return int(room), nil
		case room <= 0:
			if err := h.wait(t, 0); err != nil {
				return 0, err
			}
		case held+room > buffer.InMemory && h.patience > 0:
			from := netloop.Now()
			err := h.wait(t, from.Add(h.patience))
			h.patience -= netloop.Now().Sub(from)
			if err != nil && err != netloop.ErrTimeout {
				return 0, err
			}
		default:
			return int(room), nil
		}
	}
}

// append appends to what is kept.
func (h *ahead) append(t netloop.Task, part []byte) (int, error) {
	if err := h.use(t); err != nil {
		return 0, err
	}
	n, err := h.kept.Append(t, part)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.inUse = false
	h.came += int64(n)
	h.changed()
	return n, err
}

// use waits until the other task does not use what is kept. An operation on it can
// wait for the disk, so that a lock would not do.
func (h *ahead) use(t netloop.Task) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for h.inUse {
		if err := h.wait(t, 0); err != nil {
			return err
		}
	}
	h.inUse = true
	return nil
}

// awaitKept waits until something is kept, or nothing is and the fork may as well
// end.
func (h *ahead) awaitKept() (have bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for h.came == h.taken && !h.awaiting && !h.ended {
		if err := h.wait(h.a.r.t, 0); err != nil {
			return false, err
		}
	}
	return h.came > h.taken, nil
}

// take moves some of what was kept to out.
func (h *ahead) take() (int, error) {
	t := h.a.r.t
	if err := h.use(t); err != nil {
		return 0, err
	}
	h.a.r.p.takeBody(&h.out)
	n, err := h.kept.ReadAt(t, h.out.b, h.taken)
	h.kept.Discard(h.taken + int64(n))
	h.mu.Lock()
	defer h.mu.Unlock()
	h.inUse = false
	h.taken += int64(n)
	h.changed()
	return n, err
}
