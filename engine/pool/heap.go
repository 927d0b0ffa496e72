package pool

// A minHeap keeps items so that the first is at hand. Each item stores its own
// position, so that any item can be moved or removed.
type minHeap[T interface{ *lane | *tenant }] struct {
	items []T
	less  func(a, b T) bool
	place func(T) *int // where an item stores its position
}

// first returns the first item, or nil.
func (h *minHeap[T]) first() T {
	if len(h.items) == 0 {
		return nil
	}
	return h.items[0]
}

func (h *minHeap[T]) push(x T) {
	h.items = append(h.items, x)
	*h.place(x) = len(h.items) - 1
	h.up(len(h.items) - 1)
}

func (h *minHeap[T]) remove(x T) {
	at, last := *h.place(x), len(h.items)-1
	h.swap(at, last)
	h.items[last] = nil
	h.items = h.items[:last]
	if at < last {
		h.fix(h.items[at])
	}
}

// fix moves x after its rank has changed.
func (h *minHeap[T]) fix(x T) {
	at := *h.place(x)
	h.up(at)
	h.down(*h.place(x))
}

func (h *minHeap[T]) up(at int) {
	for at > 0 {
		parent := (at - 1) / 2
		if !h.less(h.items[at], h.items[parent]) {
			return
		}
		h.swap(at, parent)
		at = parent
	}
}

func (h *minHeap[T]) down(at int) {
	for {
		child := 2*at + 1
		if child >= len(h.items) {
			return
		}
		if right := child + 1; right < len(h.items) && h.less(h.items[right], h.items[child]) {
			child = right
		}
		if !h.less(h.items[child], h.items[at]) {
			return
		}
		h.swap(at, child)
		at = child
	}
}

func (h *minHeap[T]) swap(a, b int) {
	h.items[a], h.items[b] = h.items[b], h.items[a]
	*h.place(h.items[a]), *h.place(h.items[b]) = a, b
}
