package netloop

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"sync"
	"syscall"
	"time"
)

// descriptors say how many of the process's file descriptors connections may
// use. A new descriptor has the lowest number that is free, so its number says
// how many are in use, whoever has opened them: nothing needs to be counted.
//
// Above what clients may use there is room for the connections to upstreams
// that the requests of these clients need, and above that for what the rest of
// the process opens: Options.Reserve.
type descriptors struct {
	limit   int        // of the process
	reserve func() int // nil = 0
	shedLog shedLog
}

func newDescriptors(opts *Options) *descriptors {
	d := &descriptors{limit: math.MaxInt32, reserve: opts.Reserve, shedLog: shedLog{log: opts.Log}}
	var lim syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim); err == nil && lim.Cur < math.MaxInt32 {
		d.limit = int(lim.Cur)
	}
	return d
}

const (
	leastForDials = 8   // descriptors that are kept for connections to upstreams
	mostForDials  = 256 // likewise
)

// dials is the first number that a connection to an upstream must not have.
func (d *descriptors) dials() int {
	keep := min(d.limit/16, mostForDials)
	if d.reserve != nil {
		keep = max(keep, d.reserve())
	}
	return d.limit - min(keep, d.limit/4)
}

// clients is the first number that a client's connection should not have.
func (d *descriptors) clients() int {
	return d.dials() - min(max(d.limit/16, leastForDials), mostForDials)
}

// leastClients is how many connections of clients there must be room for.
const leastClients = 8

// CheckRoom fails where this process has so many files open that hardly a client
// could ever be accepted. reserve is as in Options.
func CheckRoom(reserve func() int) error {
	d := newDescriptors(&Options{Reserve: reserve})
	f, err := os.Open(os.DevNull)
	if err != nil {
		return fmt.Errorf("no file can be opened: %w; raise the limit of open files, which is %d (ulimit -n, or LimitNOFILE= of systemd)", err, d.limit)
	}
	defer f.Close()
	used := int(f.Fd())
	if used+leastClients <= d.clients() {
		return nil
	}
	needed := d.limit
	for more := (&descriptors{limit: needed, reserve: reserve}); used+leastClients > more.clients(); more.limit = needed {
		needed *= 2
	}
	return fmt.Errorf("the limit of open files is %d, of which %d are in use, and too few are left for clients; raise it to %d or more (ulimit -n, or LimitNOFILE= of systemd)",
		d.limit, used, needed)
}

// errReserved says that a descriptor is one of those that are kept for others.
var errReserved = errors.New("the file descriptors left are kept in reserve")

// isShort reports whether an error says that there is no descriptor left.
func isShort(err error) bool {
	return errors.Is(err, errReserved) || errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// shedAge is how long a client's connection must have been idle before it is
// closed to make room: one that has just come is about to send its request.
const shedAge = time.Second

// shortTime is for how long after a client was given a descriptor that should
// have been left to others, or none was left at all, the driver looks for one
// before each accept. Where connections end the numbers have gaps, so that
// without a look the next descriptor but one may be one too many again.
const shortTime = 10 * time.Second

// A shedLog tells that idle connections are closed to make room, at once and
// then at most every shedPause.
type shedLog struct {
	log *slog.Logger

	mu    sync.Mutex // guards all below
	count int        // that was not told of
	next  time.Time  // when to tell
}

const shedPause = 10 * time.Second

// shed is called for each connection that is closed.
func (s *shedLog) shed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	if now := time.Now(); !now.Before(s.next) {
		s.log.Warn("few file descriptors are left; closing clients' connections that are idle", slog.Int("closed", s.count))
		s.count, s.next = 0, now.Add(shedPause)
	}
}
