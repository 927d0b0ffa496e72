package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/buffer"
	"github.com/ldcorn/ldcorn/engine/plan"
)

func TestCheckBufferDir(t *testing.T) {
	check := func(dir string) error {
		return CheckBufferDir(&plan.Plan{BufferDir: dir, BufferLimit: 1 << 30, BufferMemory: 1 << 20})
	}
	const effect = "; of each body, only 64 KiB wait"
	assert.NoError(t, check("/"))
	assert.EqualError(t, check("/no/such"), `buffer_dir="/no/such": there is no such folder`+effect)
	assert.EqualError(t, check("/dev/null"), `buffer_dir="/dev/null": it is a file, not a folder`+effect)
	if unfit := buffer.CheckDir("/dev/shm"); unfit != nil && os.Getuid() == 0 {
		assert.EqualError(t, check("/dev/shm"), `buffer_dir="/dev/shm": /dev/shm is a tmpfs, which is memory`+effect)
	}
	if unfitDir("/sys") != nil {
		assert.ErrorContains(t, check("/sys"), `buffer_dir="/sys": `)
	}
	if os.Getuid() == 0 {
		return // root can write everywhere
	}
	locked := filepath.Join(t.TempDir(), "locked")
	require.NoError(t, os.Mkdir(locked, 0o500))
	assert.ErrorContains(t, check(locked), "this user cannot make files in the folder")
}

// TestCheckBufferDir_Default checks that the default folder is looked at only if there
// may be files in it.
func TestCheckBufferDir_Default(t *testing.T) {
	capped := []*plan.Group{{MaxReqPerWorker: 1}}
	want := ""
	if why := unfitDir(buffer.DefaultDir); why != nil {
		want = why.Error()
	}
	for _, p := range []*plan.Plan{
		{BufferLimit: 1, BufferMemory: 1, Groups: []*plan.Group{{}}},
		{BufferLimit: 0, BufferMemory: 1, Groups: capped},
		{BufferLimit: 1, BufferMemory: 0, Groups: capped},
	} {
		assert.NoError(t, CheckBufferDir(p))
	}
	err := CheckBufferDir(&plan.Plan{BufferLimit: 1, BufferMemory: 1, Groups: capped})
	if want == "" {
		assert.NoError(t, err)
	} else {
		assert.ErrorContains(t, err, want)
	}
}
