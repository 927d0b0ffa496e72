package netloop_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// TestForeign checks that using a connection with a task of another driver, or
// the other way round, panics with an explanation.
func TestForeign(t *testing.T) {
	uses := map[string]func(task netloop.Task, own, foreign netloop.Conn){
		"Read":         func(task netloop.Task, _, foreign netloop.Conn) { foreign.Read(task, make([]byte, 1), 0) },
		"Write":        func(task netloop.Task, _, foreign netloop.Conn) { foreign.Write(task, []byte("x"), nil, 0) },
		"Watch":        func(task netloop.Task, _, foreign netloop.Conn) { task.Watch(foreign, nil) },
		"Tunnel to":    func(task netloop.Task, own, foreign netloop.Conn) { task.Tunnel(own, foreign, func() {}) },
		"Tunnel from":  func(task netloop.Task, own, foreign netloop.Conn) { task.Tunnel(foreign, own, func() {}) },
		"nobody reads": func(_ netloop.Task, own, _ netloop.Conn) { own.Read(nil, make([]byte, 1), 0) },
	}
	drivers(t, func(t *testing.T, name string) {
		conns, done := make(chan netloop.Conn), make(chan bool)
		defer close(done)
		other, _ := serve(t, name, netloop.Options{Loops: 1}, func(_ netloop.Task, c netloop.Conn) netloop.Verdict {
			conns <- c
			<-done // keeps the connection unused meanwhile
			return netloop.Verdict{}
		})
		_, err := dial(t, other).Write([]byte("x"))
		require.NoError(t, err)
		foreign := <-conns
		for use, f := range uses {
			t.Run(use, func(t *testing.T) {
				said := make(chan string, 1)
				addr, _ := serve(t, name, netloop.Options{OnPanic: func(v any, _ []byte) { said <- fmt.Sprint(v) }},
					func(task netloop.Task, c netloop.Conn) netloop.Verdict {
						f(task, c, foreign)
						said <- "no panic"
						return netloop.Verdict{}
					})
				_, err := dial(t, addr).Write([]byte("x"))
				require.NoError(t, err)
				select {
				case got := <-said:
					assert.Contains(t, got, "the "+name+" driver got a ")
				case <-time.After(30 * time.Second):
					t.Fatal("the call did not panic")
				}
			})
		}
	})
}
