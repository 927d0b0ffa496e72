package supervisor

import "golang.org/x/sys/unix"

// mountOver shows a folder at another place, too.
func mountOver(from, at string) error { return unix.Mount(from, at, "", unix.MS_BIND, "") }

func unmount(at string) error { return unix.Unmount(at, unix.MNT_DETACH) }

func remountReadOnly(dir string) error {
	return unix.Mount("none", dir, "tmpfs", unix.MS_RDONLY, "mode=700")
}
