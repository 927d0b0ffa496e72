package history

// chunk is how many points are allocated at once. A chunk is a minute, or an hour.
const chunk = 60

// A ring holds the newest points of a series, by their number. It grows by chunks up to
// its size. The zero ring holds none.
type ring[T any] struct {
	chunks []*points[T] // nil where no point was put yet
	last   uint64       // number of the newest point; 0 if there is none
}

// points are a chunk of a ring.
type points[T any] struct {
	seen uint64 // a bit for each that was put, and not put away
	at   [chunk]T
}

// put adds a point. Its number is higher than those before; the numbers in between have
// no points. Size is that of the ring, a multiple of chunk, which is always the same.
func (r *ring[T]) put(n uint64, size int, p T) {
	if r.chunks == nil {
		r.chunks = make([]*points[T], size/chunk)
	}
	if r.last > 0 {
		for k := max(r.last+1, n-min(n, uint64(size))); k < n; k++ {
			if c, i := r.place(k); *c != nil {
				(*c).seen &^= 1 << i
			}
		}
	}
	c, i := r.place(n)
	if *c == nil {
		*c = new(points[T])
	}
	(*c).seen |= 1 << i
	(*c).at[i] = p
	r.last = n
}

// place returns where the point with a number is.
func (r *ring[T]) place(n uint64) (c **points[T], i int) {
	at := int(n % uint64(len(r.chunks)*chunk))
	return &r.chunks[at/chunk], at % chunk
}

// get returns the point with a number, or nil if there is none any more.
func (r *ring[T]) get(n uint64) *T {
	if n > r.last || n+uint64(len(r.chunks)*chunk) <= r.last {
		return nil
	}
	c, i := r.place(n)
	if *c == nil || (*c).seen&(1<<i) == 0 {
		return nil
	}
	return &(*c).at[i]
}
