package terminal

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhileRead(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer w.Close()
	ctx, stop := WhileRead(t.Context(), w)
	defer stop()
	assert.NoError(t, ctx.Err())
	require.NoError(t, r.Close())
	<-ctx.Done()
}

func TestWhileReadOfOthers(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/out")
	require.NoError(t, err)
	defer file.Close()
	ctx, stop := WhileRead(t.Context(), file)
	assert.NoError(t, ctx.Err())
	stop()
	assert.Error(t, ctx.Err())
	ctx, stop = WhileRead(t.Context(), new(bytes.Buffer))
	assert.NoError(t, ctx.Err())
	stop()
	assert.Error(t, ctx.Err())
}
