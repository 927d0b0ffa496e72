package watch

import (
	"os"
	"syscall"
	"time"
)

// A fileID identifies a file or a folder, whatever its name.
type fileID struct{ dev, ino uint64 }

// A stamp tells one state of a file from another. The zero stamp is that of a
// file that does not exist.
type stamp struct {
	id    fileID
	size  int64
	mtime int64 // in nanoseconds since 1970
}

func stampOf(info os.FileInfo) stamp {
	return stamp{id: idOf(info), size: info.Size(), mtime: info.ModTime().UnixNano()}
}

// stampAt returns the stamp of the file at a path, after symbolic links.
func stampAt(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stampOf(info)
}

// isSince reports whether the file was changed at a time or later.
func (s stamp) isSince(t time.Time) bool { return s != stamp{} && s.mtime >= t.UnixNano() }

func idOf(info os.FileInfo) fileID {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return fileID{uint64(st.Dev), st.Ino}
	}
	return fileID{}
}
