package buffer

import (
	"io"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

type op uint8

const (
	opWrite op = iota // opens the file if it is not open
	opRead
	opClose
	opCheck // looks at a folder
)

// A job is one piece of file work.
type job struct {
	op     op
	file   *file
	folder *folder // for opCheck
	page   *page   // guarded by disk.mu once the job is done; nil once it was given back
	n      int
	at     int64 // in the file
	err    error // valid once done

	// Guarded by disk.mu.
	task  netloop.Task // waits for the job; nil = none
	ended bool
	left  bool // nobody wants the result
}

// A file holds the pages of one Buffer.
type file struct {
	account
	folder *folder
	store  Store // nil until a worker has opened it
	pages  int64 // that it may have; guarded by Space.mu
	refs   int   // the Buffer, and the jobs; guarded by disk.mu
}

// A Store is where the bytes of a Buffer are that are not in memory.
type Store interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
}

// unused takes the page from a job that has ended and that the task has left, or
// returns nil. The caller holds mu.
func (j *job) unused() *page {
	if !j.ended || !j.left {
		return nil
	}
	p := j.page
	j.page = nil
	return p
}

// Do does the job in a goroutine of its disk.
func (j *job) Do() {
	folder := j.folder
	if folder == nil {
		folder = j.file.folder
	}
	j.err = j.do()
	folder.disk.finish(j)
}

// do does the work of a job.
func (j *job) do() error {
	switch j.op {
	case opCheck:
		return j.folder.try()
	case opClose:
		if j.file.store == nil {
			return nil
		}
		return j.file.store.Close()
	case opRead:
		n, err := j.file.store.ReadAt(j.page[:j.n], j.at)
		if n < j.n && err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	if j.file.store == nil {
		s, err := j.file.folder.open(j.file.folder.path)
		if err != nil {
			return err
		}
		j.file.store = s
	}
	_, err := j.file.store.WriteAt(j.page[:j.n], j.at)
	return err
}
