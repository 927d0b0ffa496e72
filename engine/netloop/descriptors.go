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

// descriptors decides how many of the process's file descriptors connections
// can use. A new descriptor gets the lowest free number, so its number tells
// how many are in use, no matter which part of the process opened them. Nothing
// needs to be counted.
//
// Above the clients' share there is room for the upstream connections that the
// clients' requests need, and above that for what the rest of the process
// opens: Options.Reserve.
type descriptors struct {
	limit    int        // of the process
	reserve  func() int // nil = 0
	shedLog  shedLog
	shedding shedding
}

func newDescriptors(opts *Options) *descriptors {
	d := &descriptors{limit: math.MaxInt32, reserve: opts.Reserve, shedLog: shedLog{log: opts.Log}}
	d.shedding.shedder, _ = opts.Handler.(Shedder)
	var lim syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim); err == nil && lim.Cur < math.MaxInt32 {
		d.limit = int(lim.Cur)
	}
	return d
}

const (
	leastForDials = 8   // descriptors kept for connections to upstreams, at least
	mostForDials  = 256 // the same, at most
)

// dials returns the first number that a connection to an upstream must not
// have.
func (d *descriptors) dials() int {
	keep := min(d.limit/16, mostForDials)
	if d.reserve != nil {
		keep = max(keep, d.reserve())
	}
	return d.limit - min(keep, d.limit/4)
}

// clients returns the first number that a client's connection should not have.
func (d *descriptors) clients() int {
	return d.dials() - min(max(d.limit/16, leastForDials), mostForDials)
}

// Reserved reports whether a descriptor is one of those that are kept for what the rest of
// the process opens, so that fewer than that are left. reserve is as in Options.
func Reserved(fd uintptr, reserve func() int) bool {
	return int(fd) >= newDescriptors(&Options{Reserve: reserve}).dials()
}

// leastClients is the number of client connections that there must be room for.
const leastClients = 8

// CheckRoom fails if this process has so many files open that it could hardly
// accept any client. reserve is as in Options.
func CheckRoom(reserve func() int) error {
	d := newDescriptors(&Options{Reserve: reserve})
	f, err := os.Open(os.DevNull)
	if err != nil {
		return fmt.Errorf("cannot open any file: %w; raise the limit of open files, which is %d (ulimit -n, or LimitNOFILE= of systemd)", err, d.limit)
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

// errReserved reports that the descriptor is one of those kept for other uses.
var errReserved = errors.New("the remaining file descriptors are reserved")

// isShort reports whether an error means that no descriptor is left.
func isShort(err error) bool {
	return errors.Is(err, errReserved) || errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// shedAge is how long a client's connection must have been idle before it can
// be closed to make room: a client that has just connected is about to send its
// request.
const shedAge = time.Second

// shortTime is how long the driver looks for a descriptor before each accept,
// once a client got a descriptor that should have been left for other uses, or
// none was left at all. As connections end, the numbers in use have gaps, so
// without looking, the next but one could again be too high.
const shortTime = 10 * time.Second

// A shedLog reports that idle connections are closed to make room: at once, and
// then at most once per shedPause.
type shedLog struct {
	log *slog.Logger

	mu    sync.Mutex // guards all below
	count int        // closed connections not yet reported
	next  time.Time  // when to report again
}

const shedPause = 10 * time.Second

// shed is called for each connection that is closed to make room.
func (s *shedLog) shed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	if now := time.Now(); !now.Before(s.next) {
		s.log.Warn("few file descriptors are left; closing idle client connections", slog.Int("closed", s.count))
		s.count, s.next = 0, now.Add(shedPause)
	}
}
