package worker

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestSocketScheme: up to 0.22 Uvicorn takes X-Forwarded-Proto for the scheme
// of a websocket as it is; from 0.23 to 0.27 it makes "wss" of "https", and "ws"
// of all else, "wss" too; later ones take either form.
func TestSocketScheme(t *testing.T) {
	for v, want := range map[Version]bool{{0, 17, 0}: true, {0, 22, 0}: true, {0, 22, 9}: true, {0, 23, 0}: false, {0, 27, 1}: false, {0, 54, 0}: false, {1, 0, 0}: false} {
		assert.Equal(t, want, v.TakesSocketScheme(), v)
	}
}
