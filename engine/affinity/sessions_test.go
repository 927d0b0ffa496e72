package affinity

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type worker struct{ _ byte } // not empty, so that each has an address of its own

// TestSessions compares random histories with a list that does the same.
func TestSessions(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		workers := []*worker{new(worker), new(worker), new(worker)}
		s := Sessions[*worker]{max: 8}
		type known struct {
			id string
			w  *worker
		}
		var list []known // newest last
		at := func(id string) int { return slices.IndexFunc(list, func(k known) bool { return k.id == id }) }
		for range 400 {
			id, w := fmt.Sprint(rng.IntN(16)), workers[rng.IntN(3)]
			i := at(id)
			switch rng.IntN(10) {
			case 0:
				s.Forget(w)
				list = slices.DeleteFunc(list, func(k known) bool { return k.w == w })
			case 1:
				s.End([]byte(id))
				if i >= 0 {
					list = slices.Delete(list, i, i+1)
				}
			case 6:
				s.EndAt([]byte(id), w)
				if i >= 0 && list[i].w == w {
					list = slices.Delete(list, i, i+1)
				}
			case 2, 3, 4, 5:
				holder := s.Learn([]byte(id), w)
				if i >= 0 && list[i].w != w {
					require.Same(t, list[i].w, holder)
					break
				}
				require.Same(t, w, holder)
				if i >= 0 {
					list = slices.Delete(list, i, i+1)
				} else if len(list) == s.max {
					list = list[1:]
				}
				list = append(list, known{id, w})
			default:
				got, ok := s.Find([]byte(id))
				require.Equal(t, i >= 0, ok)
				if ok {
					require.Same(t, list[i].w, got)
					list = append(slices.Delete(slices.Clone(list), i, i+1), list[i])
				}
			}
			require.Equal(t, len(list), s.Stats().Known)
		}
		for _, k := range list {
			got, ok := s.Find([]byte(k.id))
			require.True(t, ok)
			require.Same(t, k.w, got)
		}
	}
}

// TestSessionsAreBounded: the table does not grow beyond its bound, whatever the
// length of an id, and keeps the sessions that are in use.
func TestSessionsAreBounded(t *testing.T) {
	s := Sessions[int]{max: 100}
	s.Learn([]byte("used"), 7)
	for i := range 1000 {
		s.Learn(fmt.Append(make([]byte, 2000), i), 1)
		w, ok := s.Find([]byte("used"))
		require.True(t, ok)
		require.Equal(t, 7, w)
	}
	assert.Equal(t, SessionStats{Known: 100, Learned: 1001, Evicted: 901}, s.Stats())
	assert.LessOrEqual(t, len(s.entries), 101)
	s.Forget(1)
	assert.Equal(t, 1, s.Stats().Known)
	s.Forget(7)
	assert.Nil(t, s.entries)
	s.Learn([]byte("again"), 1)
	assert.Equal(t, 1, s.Stats().Known)
	s.Clear()
	assert.Zero(t, s.Stats().Known)
}

// TestForgetInParts: Forget reaches every entry of a large table.
func TestForgetInParts(t *testing.T) {
	var s Sessions[int]
	for i := range 3*sweep + 5 {
		s.Learn(fmt.Append(nil, i), 1+i%2)
	}
	s.Forget(1)
	assert.Equal(t, (3*sweep+5)/2, s.Stats().Known)
	s.Forget(2)
	assert.Zero(t, s.Stats().Known)
}

func TestSessionsAreSafeForConcurrentUse(t *testing.T) {
	s := Sessions[int]{max: 50}
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 500 {
				id := fmt.Append(nil, (i+g)%100)
				s.Learn(id, 1+g)
				s.Find(id)
				if i%50 == 0 {
					s.Forget(1 + g)
				}
			}
		})
	}
	all.Wait()
	assert.LessOrEqual(t, s.Stats().Known, 50)
}

func BenchmarkFind(b *testing.B) {
	var s Sessions[int]
	ids := make([][]byte, MaxSessions)
	for i := range ids {
		ids[i] = fmt.Appendf(nil, "session-%020d", i)
		s.Learn(ids[i], 1)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, ok := s.Find(ids[i%len(ids)]); !ok {
			b.Fatal("unknown")
		}
	}
}
