package proxy

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/netloop"
)

// panicky is a worker's connection that panics when it is taken.
type panicky struct {
	netloop.Conn
	loop *netloop.Loop
}

func (panicky) Rest(netloop.Time)     {}
func (panicky) Alive() bool           { panic("as a bug would") }
func (panicky) CloseLater()           {}
func (p panicky) Loop() *netloop.Loop { return p.loop }

// TestPanicCostsOneConnection checks that a panic ends one connection and costs
// no slot.
func TestPanicCostsOneConnection(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, capped(t, 1))
		u := r.worker("default", serves)
		for range 3 {
			for _, loop := range r.proxy.driver.Loops() {
				u.worker.PutIdle(panicky{loop: loop}, 0)
			}
			c := r.client()
			c.say(http1test.Get("/"))
			got, _ := io.ReadAll(c.in)
			assert.Empty(t, got)
			assert.Contains(t, r.send(http1test.Get("/")), "200 OK")
			r.idleAgain(u)
		}
	})
}
