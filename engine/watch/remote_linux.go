package watch

import "golang.org/x/sys/unix"

// hasEvents reports whether the system tells of every change in a folder. It
// does not where the files can change elsewhere: on a server, or on the host of
// a virtual machine, whose folders a container has mounted.
func hasEvents(path string) bool {
	var fs unix.Statfs_t
	if unix.Statfs(path, &fs) != nil {
		return true
	}
	switch uint32(fs.Type) {
	case unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.FUSE_SUPER_MAGIC,
		unix.V9FS_MAGIC, unix.CEPH_SUPER_MAGIC, unix.AFS_SUPER_MAGIC, unix.AFS_FS_MAGIC, unix.CODA_SUPER_MAGIC, vboxMagic:
		return false
	}
	return true
}

// isPseudo reports whether a folder has no files, but a view of the system, such
// as /proc.
func isPseudo(path string) bool {
	var fs unix.Statfs_t
	if unix.Statfs(path, &fs) != nil {
		return false
	}
	switch uint32(fs.Type) {
	case unix.PROC_SUPER_MAGIC, unix.SYSFS_MAGIC, unix.CGROUP_SUPER_MAGIC, unix.CGROUP2_SUPER_MAGIC, unix.DEBUGFS_MAGIC,
		unix.TRACEFS_MAGIC, unix.SECURITYFS_MAGIC, unix.BPF_FS_MAGIC, unix.DEVPTS_SUPER_MAGIC, unix.DEVMEM_MAGIC:
		return true
	}
	return false
}

// vboxMagic is the type of shared folders of VirtualBox.
const vboxMagic = 0x786f4256
