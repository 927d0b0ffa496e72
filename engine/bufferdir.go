package engine

import (
	"cmp"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/buffer"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/proxy"
)

// CheckBufferDir returns why the buffers of a plan will have no files on this machine,
// or nil. That stops no master: bodies are relayed as they are taken instead. A plan
// that needs no files has no error, but for a folder that it names in vain.
func CheckBufferDir(p *plan.Plan) error {
	if p.BufferDir == "" && (p.BufferLimit <= 0 || p.BufferMemory <= 0 || !proxy.BuffersBodies(p)) {
		return nil
	}
	dir := cmp.Or(p.BufferDir, buffer.DefaultDir)
	if why := unfitDir(dir); why != nil {
		return fmt.Errorf("buffer_dir=%q: %w; of each body, only 64 KiB wait", dir, why)
	}
	return nil
}

// unfitDir returns why this user can make no files in a folder, or why they would be
// in memory.
func unfitDir(dir string) error {
	switch info, err := os.Stat(dir); {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR):
		return errors.New("there is no such folder")
	case err == nil && !info.IsDir():
		return errors.New("it is a file, not a folder")
	case err != nil:
		return errors.New("this user cannot look into the folder")
	}
	switch err := unix.Access(dir, unix.W_OK|unix.X_OK); err {
	case nil:
		return buffer.CheckDir(dir)
	case unix.EROFS:
		return fmt.Errorf("the folder is read-only")
	}
	return fmt.Errorf("this user cannot make files in the folder")
}
