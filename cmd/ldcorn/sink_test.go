package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSink_KeepsEverythingWholeAndInOrder(t *testing.T) {
	var out bytes.Buffer
	s := newSink(&out)
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for i := range 5000 {
				fmt.Fprintf(s, "%d %d %s\n", w, i, strings.Repeat("x", 50))
			}
		})
	}
	writers.Wait()
	s.Close()
	next := make([]int, 4)
	for line := range strings.Lines(out.String()) {
		var w, i int
		var rest string
		_, err := fmt.Sscan(line, &w, &i, &rest)
		require.NoError(t, err)
		require.Equal(t, next[w], i)
		require.Len(t, rest, 50)
		next[w]++
	}
	assert.Equal(t, []int{5000, 5000, 5000, 5000}, next)
}

func TestSink_NeverBlocksAndSaysWhatIsLost(t *testing.T) {
	r, w := io.Pipe() // blocks until somebody reads
	s := newSink(w)
	line := []byte(strings.Repeat("y", 1<<20-1) + "\n")
	for range 40 {
		n, err := s.Write(line)
		require.NoError(t, err)
		require.Equal(t, len(line), n)
	}
	read := make(chan string)
	go func() {
		all, _ := io.ReadAll(r)
		read <- string(all)
	}()
	s.Close()
	require.NoError(t, w.Close())
	out := <-read
	kept := strings.Count(out, string(line))
	assert.Contains(t, out, fmt.Sprintf("ldcorn: %d lines of this log were dropped", 40-kept))
}
