package netloop

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestCheckRoom checks that, if clients' descriptors are all in use, the error
// says what to do, and that doing so helps.
func TestCheckRoom(t *testing.T) {
	var before unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &before))
	reserve := func() int { return 40 }
	require.NoError(t, CheckRoom(reserve))
	few := before
	few.Cur = 12
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &few))
	defer func() { require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &before)) }()
	err := CheckRoom(reserve)
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &before))
	assert.ErrorContains(t, err, "12")
	assert.ErrorContains(t, err, "LimitNOFILE=")
}
