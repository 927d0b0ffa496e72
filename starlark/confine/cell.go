package confine

import (
	"encoding/json"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/visible"
)

// exitOver is the exit code of a process that has exceeded a limit. Its notes
// say which.
const exitOver = 70

// A Cell is a confined process, seen from within. A nil Cell is a process that
// is not confined: its methods do nothing.
type Cell struct {
	Purpose string // as the parent passed to Run
	memory  uint64 // the limit on the memory in use, stacks included, in bytes

	mu      sync.Mutex // guards the rest and keeps notes whole
	notes   *os.File
	doing   []note
	printed int
	normal  unix.Rlimit // the original limit on data

	leashed // to the parent
}

// Enter confines the process if its parent has asked for that, and returns nil
// otherwise. Call it once, before anything else.
func Enter() *Cell {
	asked, ok := os.LookupEnv(purpose)
	if !ok || !isPipe(notesFD) {
		return nil
	}
	_ = os.Unsetenv(purpose) // not for children of this process
	syscall.CloseOnExec(stderrFD)
	syscall.CloseOnExec(notesFD)
	os.Stderr = os.NewFile(stderrFD, "/dev/stderr")
	c := &Cell{Purpose: asked, notes: os.NewFile(notesFD, "notes"), memory: memoryLimit(os.DirFS("/"))}
	c.tell(note{Bytes: c.memory})
	debug.SetMaxStack(stack)
	debug.SetMemoryLimit(int64(c.memory))
	// watchMemory is more exact; the limit on data stops a single large
	// allocation.
	if err := unix.Getrlimit(unix.RLIMIT_DATA, &c.normal); err == nil {
		c.limitData()
	}
	c.followParent()
	go c.watchMemory() // runs until the process ends
	return c
}

func isPipe(fd int) bool {
	var st unix.Stat_t
	return unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFIFO
}

// PreferForOOM makes the kernel end this process before others when memory runs
// out.
func (c *Cell) PreferForOOM() {
	if c != nil {
		_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) // best effort
	}
}

// Watch records the current step of the process, such as "evaluating", and its
// file. It ends the process if done is not called within the limit and a little
// more. A limit of 0 means no limit. Calls can be nested.
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

// foreign is the step in which a process runs a program of the user.
const foreign = "running"

// Foreign is Watch for a program of the user that the process starts. Until done is
// called, the end of the parent or of its patience comes to the process as SIGTERM and
// not as SIGKILL, so that it can end what the program has started. The goroutine that
// calls Foreign must be that of main.
func (c *Cell) Foreign(file string, limit time.Duration) (done func()) {
	if c == nil {
		return func() {}
	}
	watched := c.Watch(foreign, file, limit)
	c.onParentEnd(unix.SIGTERM)
	return func() {
		c.onParentEnd(unix.SIGKILL)
		watched()
	}
}

// Write passes the output of a configuration to the parent, up to a limit.
func (c *Cell) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if kept := min(len(p), maxPrint-c.printed); kept > 0 {
		c.printed += kept
		text := string(p[:kept])
		if kept < len(p) {
			text = visible.Reset(text) // whose end may be what is lost
		}
		c.tell(note{Print: text})
	}
	return len(p), nil
}

// tell writes a note. The caller must hold c.mu.
func (c *Cell) tell(n note) {
	line, err := json.Marshal(n)
	if err != nil {
		return // strings and numbers cannot cause this
	}
	_, _ = c.notes.Write(append(line, '\n')) // the process ends when its parent does
}

// over ends the process because of a limit.
func (c *Cell) over(n note) {
	c.mu.Lock() // never unlocked
	c.tell(n)
	os.Exit(exitOver)
}

// Outside runs a program of the user without the limit of the kernel. No configuration
// may be evaluated at the same time, but words may, whose cost is bounded.
func (c *Cell) Outside(run func()) {
	if c == nil {
		run()
		return
	}
	_ = unix.Setrlimit(unix.RLIMIT_DATA, &c.normal) // restore the original limit
	defer c.limitData()
	run()
}

// limitData makes the kernel refuse memory far beyond the limit.
func (c *Cell) limitData() {
	used, err := dataSize()
	if err != nil {
		return
	}
	limit := c.normal
	limit.Cur = min(limit.Cur, used+2*c.memory)
	_ = unix.Setrlimit(unix.RLIMIT_DATA, &limit) // best effort: watchMemory also runs
}

const memoryEvery = 5 * time.Millisecond

// watchMemory ends the process when it uses more memory than the limit.
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

// self returns a path that starts this program again, even if its file has been
// replaced.
func self() (string, error) {
	const running = "/proc/self/exe"
	if _, err := os.Stat(running); err == nil {
		return running, nil
	}
	return os.Executable()
}
