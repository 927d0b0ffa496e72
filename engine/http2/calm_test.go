package http2

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/net/http2"
)

// TestBlame checks what resets cost a client that has provoked them.
func TestBlame(t *testing.T) {
	var b blame
	b.add(3, http2.ErrCodeNo)
	b.add(3, http2.ErrCodeStreamClosed) // a body was still on its way
	b.add(5, http2.ErrCodeInternal)
	b.add(7, http2.ErrCodeProtocol)
	assert.Equal(t, 1+resetCost, b.take())
	assert.Zero(t, b.take())
}
