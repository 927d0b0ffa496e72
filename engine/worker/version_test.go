package worker

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestSocketScheme: up to 0.22 Uvicorn uses X-Forwarded-Proto unchanged as the
// scheme of a websocket; from 0.23 to 0.27 it turns "https" into "wss" and
// everything else, including "wss", into "ws"; later versions accept either
// form.
func TestSocketScheme(t *testing.T) {
	for v, want := range map[Version]bool{{0, 17, 0}: true, {0, 22, 0}: true, {0, 22, 9}: true, {0, 23, 0}: false, {0, 27, 1}: false, {0, 54, 0}: false, {1, 0, 0}: false} {
		assert.Equal(t, want, v.TakesSocketScheme(), v)
	}
}
