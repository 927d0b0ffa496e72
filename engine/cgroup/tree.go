package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// A Tree makes cgroups. The zero Tree is ready to use, from any goroutine.
type Tree struct {
	sys *system // nil means ours

	mu     sync.Mutex // guards the rest
	folder string     // the cgroup that was divided; "" before the first New
	next   int
	kept   []string // folders that could not be removed yet: something runs in them
}

// moves is how often processes are moved that were started in the meantime.
const moves = 20

// open divides the cgroup of this process. The caller holds mu.
func (t *Tree) open() error {
	if t.folder != "" {
		return nil
	}
	if t.sys == nil {
		t.sys = ours()
	}
	folder, err := t.sys.find()
	if err != nil {
		return err
	}
	if err := t.sys.vacate(folder); err != nil {
		return err
	}
	t.folder = folder
	left, _ := filepath.Glob(filepath.Join(folder, namePrefix+"*")) // of killed masters; the pattern is good
	for _, path := range left {
		if filepath.Base(path) != masterName {
			_ = t.sys.remove(path) // fails if another master lives
		}
	}
	return nil
}

// vacate moves this process and its family out of a cgroup, and enables limits of
// memory for the children of the cgroup.
func (s *system) vacate(folder string) error {
	control := filepath.Join(folder, "cgroup.subtree_control")
	if _, err := os.Stat(filepath.Join(folder, "cgroup.type")); errors.Is(err, os.ErrNotExist) {
		return write(control, "+memory") // the first of all cgroups can have processes and children
	}
	if _, err := s.residents(folder); err != nil {
		return err
	}
	leaf := filepath.Join(folder, masterName)
	if err := os.Mkdir(leaf, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	for try := 1; ; try++ {
		pids, err := s.residents(folder)
		if err != nil {
			return err
		}
		for _, pid := range pids {
			if err := write(filepath.Join(leaf, "cgroup.procs"), strconv.Itoa(pid)); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("move process %d to a cgroup of its own: %w", pid, err)
			}
		}
		err = write(control, "+memory")
		if err == nil || !errors.Is(err, unix.EBUSY) || try == moves {
			return err
		}
	}
}

// write writes to a file of the kernel, which exists.
func write(path, text string) error { return os.WriteFile(path, []byte(text), 0o644) }

// A Group is a cgroup for one worker.
type Group struct {
	tree *Tree
	path string
}

// New makes a cgroup with limits in bytes, of which 0 means none. label is part of its
// name. Call Remove when its processes have ended.
func (t *Tree) New(label string, high, most int64) (*Group, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.open(); err != nil {
		return nil, err
	}
	t.removeKept()
	t.next++
	g := &Group{tree: t, path: filepath.Join(t.folder, fmt.Sprintf("%s%d-%d-%s", namePrefix, t.sys.pid, t.next, label))}
	if err := os.Mkdir(g.path, 0o755); err != nil {
		return nil, err
	}
	err := errors.Join(g.limit("memory.high", high), g.limit("memory.max", most))
	if err != nil {
		_ = t.sys.remove(g.path)
		return nil, err
	}
	// If the kernel kills one process, it is to kill all: a worker without its
	// children, or the other way round, may do anything. Linux 4.19 and later.
	_ = write(filepath.Join(g.path, "memory.oom.group"), "1")
	return g, nil
}

func (g *Group) limit(file string, bytes int64) error {
	if bytes == 0 {
		return nil
	}
	return write(filepath.Join(g.path, file), strconv.FormatInt(bytes, 10))
}

// Path returns the folder of the cgroup. A process enters it by writing to
// cgroup.procs in it.
func (g *Group) Path() string { return g.path }

// OOMKills returns how many processes the kernel has killed because the cgroup had
// reached its limit.
func (g *Group) OOMKills() int {
	text, err := os.ReadFile(filepath.Join(g.path, "memory.events"))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "oom_kill "); ok {
			n, _ := strconv.Atoi(strings.TrimSpace(value)) // 0 if it is no number
			return n
		}
	}
	return 0
}

// Remove removes the cgroup. If a process is left in it, that happens later, when
// another one is made or removed.
func (g *Group) Remove() {
	t := g.tree
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, g.path)
	t.removeKept()
}

// removeKept removes the cgroups that are empty by now. The caller holds mu.
func (t *Tree) removeKept() {
	kept := t.kept
	t.kept = nil
	for _, path := range kept {
		if err := t.sys.remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.kept = append(t.kept, path)
		}
	}
}
