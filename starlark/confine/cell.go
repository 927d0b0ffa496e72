package confine

import (
	"encoding/json"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// exitOver is the exit code of a process that has exceeded a limit. The notes
// say which.
const exitOver = 70

// A Cell is a confined process, seen from within. A nil one is a process that
// is not confined: its methods do nothing.
type Cell struct {
	Purpose string // that the parent gave to Run
	memory  uint64 // the limit of what is in use, stacks included, in bytes

	mu      sync.Mutex // guards the rest, and keeps notes whole
	notes   *os.File
	doing   []note
	printed int
	normal  unix.Rlimit // of data, as it was before
}

// Enter confines the process if its parent has asked for that, and returns nil
// otherwise. It is called once, before anything else is done.
func Enter() *Cell {
	asked, ok := os.LookupEnv(purpose)
	if !ok || !isPipe(notesFD) {
		return nil
	}
	_ = os.Unsetenv(purpose) // not for what this process starts
	syscall.CloseOnExec(stderrFD)
	syscall.CloseOnExec(notesFD)
	os.Stderr = os.NewFile(stderrFD, "/dev/stderr")
	c := &Cell{Purpose: asked, notes: os.NewFile(notesFD, "notes"), memory: memoryLimit(os.DirFS("/"))}
	c.tell(note{Bytes: c.memory})
	debug.SetMaxStack(stack)
	debug.SetMemoryLimit(int64(c.memory))
	// The watch below is more exact; this is for what one allocation asks for.
	if err := unix.Getrlimit(unix.RLIMIT_DATA, &c.normal); err == nil {
		c.limitData()
	}
	go c.watchMemory() // to the end of the process
	return c
}

func isPipe(fd int) bool {
	var st unix.Stat_t
	return unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFIFO
}

// PreferForOOM has the kernel end this process before others when memory is
// short.
func (c *Cell) PreferForOOM() {
	if c != nil {
		_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) // best effort
	}
}

// Watch says what the process does from now on, such as "evaluating" and
// which file, and ends it if done is not called within the limit and a little
// more. 0 is no limit. Calls may be nested.
func (c *Cell) Watch(doing, file string, limit time.Duration) (done func()) {
	if c == nil {
		return func() {}
	}
	n := note{Doing: doing, File: file}
	c.mu.Lock()
	c.doing = append(c.doing, n)
	c.tell(n)
	c.mu.Unlock()
	stop := func() bool { return true }
	if limit > 0 {
		stop = time.AfterFunc(limit+slack, func() { c.over(note{Over: overTime, Limit: limit}) }).Stop
	}
	return func() {
		stop()
		c.mu.Lock()
		defer c.mu.Unlock()
		c.doing = c.doing[:len(c.doing)-1]
		if len(c.doing) > 0 {
			c.tell(c.doing[len(c.doing)-1])
		}
	}
}

// Write hands what a configuration prints to the parent, up to a limit.
func (c *Cell) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if kept := min(len(p), maxPrint-c.printed); kept > 0 {
		c.printed += kept
		c.tell(note{Print: string(p[:kept])})
	}
	return len(p), nil
}

// tell writes a note. c.mu is held.
func (c *Cell) tell(n note) {
	line, err := json.Marshal(n)
	if err != nil {
		return // which strings and numbers do not give
	}
	_, _ = c.notes.Write(append(line, '\n')) // a parent that is gone ends this process
}

// over ends the process for a limit.
func (c *Cell) over(n note) {
	c.mu.Lock() // for good
	c.tell(n)
	os.Exit(exitOver)
}

// Outside runs a program of the user's, which has none of the limits. Nothing
// of a configuration may be evaluated meanwhile.
func (c *Cell) Outside(run func()) {
	if c == nil {
		run()
		return
	}
	_ = unix.Setrlimit(unix.RLIMIT_DATA, &c.normal) // back to what was allowed
	defer c.limitData()
	run()
}

// limitData has the kernel refuse memory that is far beyond the limit.
func (c *Cell) limitData() {
	used, err := dataSize()
	if err != nil {
		return
	}
	limit := c.normal
	limit.Cur = min(limit.Cur, used+2*c.memory)
	_ = unix.Setrlimit(unix.RLIMIT_DATA, &limit) // best effort: the watch is there as well
}

// dataSize is the size of the process's data in bytes, as RLIMIT_DATA counts.
func dataSize() (uint64, error) {
	self, err := procfs.Self()
	if err != nil {
		return 0, err
	}
	status, err := self.NewStatus()
	return status.VmData, err
}

const memoryEvery = 5 * time.Millisecond

// watchMemory ends the process once it uses more than the limit.
func (c *Cell) watchMemory() {
	samples := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/stacks:bytes"},
	}
	for {
		metrics.Read(samples)
		if samples[0].Value.Uint64()+samples[1].Value.Uint64() > c.memory {
			c.over(note{Over: overMemory})
		}
		time.Sleep(memoryEvery)
	}
}

// self is what starts this program once more, also when its file has been
// replaced since.
func self() (string, error) {
	const running = "/proc/self/exe"
	if _, err := os.Stat(running); err == nil {
		return running, nil
	}
	return os.Executable()
}
