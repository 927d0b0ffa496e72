package static

import (
	"container/list"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A File is one version of a file, or of a precompressed variant. Its exported fields
// never change.
type File struct {
	Size     int64
	Media    string // Content-Type
	Coding   string // Content-Encoding; "" = none
	ETag     string // weak if the file has just changed
	Modified string // Last-Modified; "" = not known

	folder  *Folder
	name    string // below the folder, with the suffix of the variant
	id      identity
	changed int64  // seconds of Unix time, of the last change of the content; valid if Modified is not ""
	content []byte // all of the file, if that is kept in memory

	// Guarded by Set.mu.
	refs   int           // the requests and entries that have the file
	users  int           // of those, the requests
	open   *handle       // nil = it is not open
	used   netloop.Time  // of open
	opened *list.Element // in Set.opened, while open is not nil
}

// An identity tells the versions of a file apart.
type identity struct {
	dev, ino     uint64
	size         int64
	mtime, ctime int64 // nanoseconds of Unix time
}

// sameContent reports whether a file has not been written to. The ctime also changes
// with the number of links, which is of no concern to a file that is being sent.
func (id identity) sameContent(other identity) bool {
	id.ctime = other.ctime
	return id == other
}

// settled is how old a change has to be for the next one to be sure to show in the
// identity: two within a tick of the file system's clock have the same time. FAT has
// the coarsest clock, of two seconds.
const settled = 3 * time.Second

// isSettled reports whether the identity of a file, which was taken at a moment, is
// certain to change with its content.
func (id identity) isSettled(at time.Time) bool {
	return at.UnixNano()-max(id.mtime, id.ctime) >= int64(settled)
}

// newFile returns a File without content.
func newFile(f *Folder, name, plain string, c coding, id identity, at time.Time) *File {
	out := &File{Size: id.size, Media: mediaOf(plain), Coding: c.name, folder: f, name: name, id: id}
	out.ETag = id.tag()
	if !id.isSettled(at) {
		out.ETag = "W/" + out.ETag
	}
	// An answer must not be younger than its Date (RFC 9110 section 8.8.2.1). Some tools
	// give all files the time 0, or 1, so that it says nothing.
	if modified := time.Unix(0, id.mtime); modified.Before(at) && modified.Unix() > 1 {
		out.changed, out.Modified = modified.Unix(), modified.UTC().Format(http.TimeFormat)
	}
	return out
}

// tag returns a strong entity tag. It is a digest, so that nobody learns of inode
// numbers (CVE-2003-1418). The number of the device says nothing: it can be another one
// after each start of the machine.
func (id identity) tag() string {
	var b [4 * 8]byte
	for i, n := range [...]uint64{id.ino, uint64(id.size), uint64(id.mtime), uint64(id.ctime)} {
		binary.LittleEndian.PutUint64(b[8*i:], n)
	}
	sum := sha256.Sum256(b[:])
	return `"` + hex.EncodeToString(sum[:tagBytes]) + `"`
}

const tagBytes = 12

// isStrong reports whether the ETag is strong (RFC 9110 section 8.8.1).
func (f *File) isStrong() bool { return f.ETag[0] == '"' }

// Content returns the whole file, if it is kept in memory; otherwise nil. Nobody may
// change it.
func (f *File) Content() []byte { return f.content }
