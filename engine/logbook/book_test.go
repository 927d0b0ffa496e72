package logbook

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func add(b *Book, group string, texts ...string) {
	for _, text := range texts {
		b.Add(group, []byte(text+"\n"))
	}
}

func take(r *Reader) string {
	lines, _ := r.Take(nil)
	return strings.ReplaceAll(string(lines), "\n", " ")
}

func TestBook_OrderAndChoice(t *testing.T) {
	b := new(Book)
	add(b, "a", "a1")
	add(b, "", "m1")
	add(b, "b", "b1", "b2")
	add(b, "a", "a2")
	assert.Equal(t, "a1 m1 b1 b2 a2 ", take(b.Read(nil, -1)))
	assert.Equal(t, "b2 a2 ", take(b.Read(nil, 2)))
	assert.Equal(t, "", take(b.Read(nil, 0)))
	assert.Equal(t, "a1 a2 ", take(b.Read([]string{"a"}, 9)))
	assert.Equal(t, "b2 a2 ", take(b.Read([]string{"a", "b"}, 2)))
	assert.Equal(t, "", take(b.Read([]string{"c"}, -1)))
	assert.Equal(t, []string{"a", "b"}, b.Groups())

	follow := b.Read([]string{"a", "c"}, 0)
	add(b, "c", "c1") // a new group
	add(b, "b", "b3")
	add(b, "a", "a3")
	assert.Equal(t, "c1 a3 ", take(follow))
	assert.Equal(t, "", take(follow))
}

// TestBook_Bounded: the latest lines are kept, and a reader learns how many it
// has lost.
func TestBook_Bounded(t *testing.T) {
	b := new(Book)
	add(b, "quiet", "still here")
	slow := b.Read([]string{"a"}, -1)
	const lines = 50_000
	for n := range lines {
		add(b, "a", fmt.Sprintf("line %d of many", n))
	}
	s := b.shelves["a"]
	assert.LessOrEqual(t, len(s.old.text)+len(s.new.text), 2*halfShelf)
	assert.Greater(t, len(s.old.text)+len(s.new.text), halfShelf)
	got, lost := slow.Take(nil)
	first := strings.SplitN(string(got), "\n", 2)[0]
	assert.Zero(t, lost, "a reader loses no lines that were dropped before it began to read") // its shelf is new
	assert.Equal(t, fmt.Sprintf("line %d of many", s.first()), first)
	all := len(strings.Split(string(got), "\n")) - 1
	for {
		more, lost := slow.Take(nil)
		assert.Zero(t, lost)
		if len(more) == 0 {
			break
		}
		assert.LessOrEqual(t, len(more), maxTake+100)
		all += len(strings.Split(string(more), "\n")) - 1
	}
	assert.EqualValues(t, lines-s.first(), all)

	before := s.added
	for n := range lines {
		add(b, "a", fmt.Sprintf("line %d of many more", n))
	}
	_, lost = slow.Take(nil)
	assert.Equal(t, s.first()-before, lost)
	assert.Equal(t, "still here ", take(b.Read([]string{"quiet"}, -1)), "a noisy group costs no other its lines")

	huge := strings.Repeat("x", 2*halfShelf)
	add(b, "a", huge, "after")
	assert.Equal(t, "after ", take(b.Read([]string{"a"}, 1)))
}

// TestReader_EndNow: a reader that wants only the present lines gets them,
// however fast new lines arrive.
func TestReader_EndNow(t *testing.T) {
	b := new(Book)
	none := b.Read(nil, -1)
	none.EndNow()
	add(b, "a", "a1")
	add(b, "b", "b1")
	r := b.Read(nil, -1)
	r.EndNow()
	add(b, "a", "a2")
	add(b, "c", "c1")
	assert.Equal(t, "a1 b1 ", take(r))
	assert.Equal(t, "", take(r))
	assert.Equal(t, "", take(none))
	assert.Equal(t, "a1 b1 a2 c1 ", take(b.Read(nil, -1)))
}

func TestBook_ForgetsTheLongestSilent(t *testing.T) {
	b := new(Book)
	for n := range maxShelves + 10 {
		add(b, fmt.Sprint("g", n), "x")
		add(b, "g3", "busy")
	}
	assert.Len(t, b.Groups(), maxShelves)
	assert.Contains(t, b.Groups(), "g3")
	assert.NotContains(t, b.Groups(), "g0")
}

// TestReader_Follow: a reader that keeps up loses nothing, whoever writes in
// the meantime.
func TestReader_Follow(t *testing.T) {
	b := new(Book)
	r := b.Read(nil, -1)
	const each = 500
	var writers sync.WaitGroup
	for g := range 4 {
		writers.Go(func() {
			for n := range each {
				add(b, fmt.Sprint(g), fmt.Sprint(n))
			}
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for got := 0; got < 4*each; {
		r.Wait(ctx)
		require.NoError(t, ctx.Err())
		lines, lost := r.Take(nil)
		require.Zero(t, lost)
		got += strings.Count(string(lines), "\n")
	}
	writers.Wait()
	cancel()
	r.Wait(ctx) // returns, even though there is nothing
}

func BenchmarkAdd(b *testing.B) {
	book, line := new(Book), []byte(strings.Repeat("x", 99)+"\n")
	b.ReportAllocs()
	for b.Loop() {
		book.Add("web", line)
	}
}
