package acme

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/certs"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// Root returns the folder of the certificates of a, which need not exist: its own
// storage, or else "acme" in the state directory. That is the one of systemd's
// StateDirectory=, or else /var/lib/ldcorn for root, and ldcorn in XDG_STATE_HOME
// for other users.
func Root(a plan.ACME) (string, error) {
	if a.Storage != "" {
		return a.Storage, nil
	}
	if dir, _, _ := strings.Cut(os.Getenv("STATE_DIRECTORY"), ":"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "acme"), nil
	}
	if os.Geteuid() == 0 {
		return "/var/lib/ldcorn/acme", nil
	}
	state := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) { // the specification says to ignore others
		home, err := os.UserHomeDir()
		if err != nil || !filepath.IsAbs(home) {
			return "", &certs.Error{Argument: "storage", Err: errors.New("there is no folder that lasts: HOME is not set"), Hint: hintStorage}
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "ldcorn", "acme"), nil
}

const hintStorage = "name a folder in storage=, or add StateDirectory=ldcorn to the unit of systemd"

// CheckRoot returns why a folder for certificates cannot be used, as a *certs.Error,
// or nil. It changes nothing.
func CheckRoot(root string) error {
	for dir := root; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist) && dir != filepath.Dir(dir):
			continue
		case err != nil:
			return storageError(err)
		case !info.IsDir():
			return storageError(fmt.Errorf("%s is not a folder", dir))
		}
		if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
			return storageError(&fs.PathError{Op: "write to", Path: dir, Err: err})
		}
		return nil
	}
}

func storageError(err error) error {
	hint := hintStorage
	if errors.Is(err, fs.ErrPermission) {
		hint = "let the user of ldcorn write there, " + hintStorage
	}
	return &certs.Error{Argument: "storage", Err: fmt.Errorf("certificates cannot be stored: %w", err), Hint: hint}
}

// mayNotWrite reports whether an error is about rights, which no retry solves.
func mayNotWrite(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.EROFS) || errors.Is(err, unix.ENOTDIR)
}

// isFull reports whether an error is about a disk without room. That can pass.
func isFull(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EIO)
}
