package netloop_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// beats returns the loops that have called the function of a Beat, as they come.
func beats(d netloop.Driver) <-chan *netloop.Loop {
	out := make(chan *netloop.Loop, len(d.Loops()))
	d.Beat(func(l *netloop.Loop) { out <- l })
	return out
}

// Each loop answers.
func TestBeat(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		_, d := serve(t, name, netloop.Options{Loops: 3}, func(netloop.Task, netloop.Conn) netloop.Verdict { return netloop.Verdict{} })
		var got []*netloop.Loop
		for from := beats(d); len(got) < len(d.Loops()); {
			select {
			case l := <-from:
				got = append(got, l)
			case <-time.After(30 * time.Second):
				t.Fatal("a loop does not answer")
			}
		}
		assert.ElementsMatch(t, d.Loops(), got)
	})
}

// A loop that hangs does not answer until it goes on.
func TestBeat_Stuck(t *testing.T) {
	drivers(t, func(t *testing.T, name string) {
		if name == "goroutine" {
			t.Skip("has no loop that code can hold up")
		}
		entered, letGo := make(chan bool), make(chan bool)
		addr, d := serve(t, name, netloop.Options{Loops: 1}, func(netloop.Task, netloop.Conn) netloop.Verdict {
			entered <- true
			<-letGo
			return netloop.Verdict{}
		})
		_, err := dial(t, addr).Write([]byte("x"))
		require.NoError(t, err)
		<-entered
		from := beats(d)
		require.Empty(t, from)
		letGo <- true
		select {
		case l := <-from:
			assert.Same(t, d.Loops()[0], l)
		case <-time.After(30 * time.Second):
			t.Fatal("the loop does not go on")
		}
	})
}
