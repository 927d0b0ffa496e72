package engine

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestProcs(t *testing.T) {
	t.Setenv("GOMAXPROCS", "")
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	p := newProcs(1)
	p.narrow()
	assert.Equal(t, 1, runtime.GOMAXPROCS(0))
	one, two := p.widen(), p.widen()
	assert.Equal(t, 4, runtime.GOMAXPROCS(0))
	one()
	assert.Equal(t, 4, runtime.GOMAXPROCS(0), "the other still computes")
	two()
	assert.Equal(t, 1, runtime.GOMAXPROCS(0))

	runtime.GOMAXPROCS(4)
	t.Setenv("GOMAXPROCS", "3")
	newProcs(1).narrow()
	assert.Equal(t, 4, runtime.GOMAXPROCS(0), "the user's word counts")
}
