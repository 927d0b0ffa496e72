package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/regular"
)

// maxInput is how much of a file of the configuration is read, as when it is loaded.
const maxInput = 64 << 20

// inputFiles are the files that the plan in effect was read from. The zero value has
// none. Its methods are safe to call from any goroutine.
type inputFiles struct{ now atomic.Pointer[inputSet] }

// An inputSet is the files of one plan.
type inputSet struct {
	fingerprint string    // of the plan
	since       time.Time // when the plan took effect

	mu    sync.Mutex // guards what the files are seen to be; it can be held while a disk is slow
	files []*inputFile
}

// An inputFile is a file that was read, and what was seen of it since.
type inputFile struct {
	plan.Input
	seen    os.FileInfo // at the last look; nil if there was none, or no file
	digest  string      // of the content at the first look, if that of the input is keyed
	changed bool        // at the last look
}

// follow makes the files of a plan those to look at. It does not wait for a disk.
func (f *inputFiles) follow(p *plan.Plan) {
	if now := f.now.Load(); now != nil && now.fingerprint == p.Fingerprint {
		return // it was scaled, or read again
	}
	set := &inputSet{fingerprint: p.Fingerprint, since: time.Now()}
	for _, in := range p.Inputs {
		if in.Kind == plan.InputFile {
			set.files = append(set.files, &inputFile{Input: in})
		}
	}
	f.now.Store(set)
}

// changed returns how many files are no longer what the plan was read from. It reads
// only those that look different from the last time.
func (f *inputFiles) changed() (n int) {
	set := f.now.Load()
	if set == nil {
		return 0
	}
	set.mu.Lock()
	defer set.mu.Unlock()
	for _, file := range set.files {
		file.look(set.since)
		if file.changed {
			n++
		}
	}
	return n
}

// look finds out whether the file has changed since a time.
func (f *inputFile) look(since time.Time) {
	info, err := os.Stat(f.Name)
	if err != nil {
		f.seen, f.changed = nil, f.Digest != ""
		return
	}
	if f.seen != nil && same(f.seen, info) {
		return
	}
	f.seen = info
	data, err := regular.ReadFile(f.Name, maxInput)
	if err != nil {
		f.changed = true
		return
	}
	sum := sha256.Sum256(data)
	digest := hex.EncodeToString(sum[:])
	switch {
	case !f.Keyed:
		f.changed = digest != f.Digest
	case f.digest != "":
		f.changed = digest != f.digest
	case f.Digest == "" || info.ModTime().After(since):
		f.changed = true
	default: // the first look; nobody can compare the content with what was read
		f.digest, f.changed = digest, false
	}
}

// same reports whether a file has not been written between two looks, as far as one
// can tell without reading it.
func same(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
