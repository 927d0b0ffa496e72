package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/proc"
)

// masterName is the cgroup to which this process moves, and namePrefix begins the names
// of all others that it makes.
const (
	namePrefix = "ldcorn-"
	masterName = namePrefix + "master"
)

// A system is where the kernel shows its cgroups.
type system struct {
	root   string // of all paths; "/" outside tests
	pid    int
	family func() map[int]bool     // this process, its ancestors and its descendants
	remove func(path string) error // removes a cgroup
}

// ours is the system outside tests.
func ours() *system {
	return &system{root: "/", pid: os.Getpid(), family: family, remove: unix.Rmdir}
}

func family() map[int]bool {
	all, self := proc.All(), os.Getpid()
	out := proc.Above(all, self)
	out[self] = true
	for _, p := range proc.Below(all, self) {
		out[p.PID] = true
	}
	return out
}

// advice says how to get a cgroup that can be divided.
const advice = "run ldcorn as a service with Delegate=yes, or under systemd-run --scope -p Delegate=yes; in a container, mount /sys/fs/cgroup for writing"

// Check says why there can be no limits of memory, or returns nil. It changes nothing.
func Check() error { return ours().check() }

func (s *system) check() error {
	folder, err := s.find()
	if err != nil {
		return err
	}
	_, err = s.residents(folder)
	return err
}

// find returns the folder of the cgroup to divide, as the kernel shows it.
func (s *system) find() (string, error) {
	path, err := s.own()
	if err != nil {
		return "", err
	}
	mount, root, err := s.mounted()
	if err != nil {
		return "", err
	}
	if root != "/" {
		path = strings.TrimPrefix(path, root)
	}
	folder := filepath.Join(mount, path)
	if filepath.Base(folder) == masterName {
		folder = filepath.Dir(folder) // this process has moved already
	}
	return folder, s.usable(folder)
}

// own returns the path of the cgroup of this process in its hierarchy.
func (s *system) own() (string, error) {
	text, err := os.ReadFile(filepath.Join(s.root, "proc/self/cgroup"))
	if err != nil {
		return "", errors.New("this system has no cgroups; use max_rss instead")
	}
	for line := range strings.Lines(string(text)) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			return path, nil
		}
	}
	return "", errors.New("this system has no cgroup v2; boot with systemd.unified_cgroup_hierarchy=1, or use max_rss instead")
}

// mounted returns where cgroup v2 is mounted, and which of its cgroups is there.
func (s *system) mounted() (mount, root string, err error) {
	text, err := os.ReadFile(filepath.Join(s.root, "proc/self/mountinfo"))
	if err != nil {
		return "", "", err
	}
	for line := range strings.Lines(string(text)) {
		before, after, _ := strings.Cut(line, " - ")
		fields := strings.Fields(before)
		if len(fields) >= 5 && strings.HasPrefix(after, "cgroup2 ") {
			return filepath.Join(s.root, unescape(fields[4])), unescape(fields[3]), nil
		}
	}
	return "", "", errors.New("cgroup v2 is not mounted; mount it at /sys/fs/cgroup, or use max_rss instead")
}

// unescape undoes what the kernel does to spaces in a path.
func unescape(path string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(path)
}

// usable says why a cgroup cannot be divided.
func (s *system) usable(folder string) error {
	text, err := os.ReadFile(filepath.Join(folder, "cgroup.controllers"))
	if err != nil {
		return fmt.Errorf("the cgroup of the master cannot be read: %w", err)
	}
	if !slices.Contains(strings.Fields(string(text)), "memory") {
		return fmt.Errorf("the cgroup of the master (%s) has no memory controller; %s", s.shown(folder), advice)
	}
	for _, name := range []string{"", "cgroup.procs", "cgroup.subtree_control"} {
		if err := unix.Access(filepath.Join(folder, name), unix.W_OK); err != nil {
			return fmt.Errorf("the master may not divide its cgroup (%s): %w; %s", s.shown(folder), err, advice)
		}
	}
	if _, err := os.Stat(filepath.Join(s.root, "run/systemd/system")); err == nil && !delegated(folder) && !delegated(filepath.Dir(folder)) {
		return fmt.Errorf("systemd has not delegated the cgroup of the master (%s); %s", s.shown(folder), advice)
	}
	return nil
}

// shown returns the path of a folder as users know it.
func (s *system) shown(folder string) string {
	if rest, err := filepath.Rel(s.root, folder); err == nil {
		return "/" + rest
	}
	return folder
}

// delegated reports whether systemd leaves a cgroup to its processes.
func delegated(folder string) bool {
	for _, name := range []string{"user.delegate", "trusted.delegate"} {
		var value [1]byte
		if n, err := unix.Getxattr(folder, name, value[:]); err == nil && n == 1 && value[0] == '1' {
			return true
		}
	}
	return false
}

// residents returns the processes in a cgroup, or an error if some are not of the
// family of this one.
func (s *system) residents(folder string) ([]int, error) {
	text, err := os.ReadFile(filepath.Join(folder, "cgroup.procs"))
	if err != nil {
		return nil, fmt.Errorf("the cgroup of the master cannot be read: %w", err)
	}
	var out []int
	var family map[int]bool
	for word := range strings.FieldsSeq(string(text)) {
		pid, err := strconv.Atoi(word)
		if err != nil || pid == 0 { // 0 is a process of another namespace
			return nil, fmt.Errorf("others have processes in the cgroup of the master (%s); %s", s.shown(folder), advice)
		}
		if family == nil {
			family = s.family()
		}
		if !family[pid] {
			return nil, fmt.Errorf("others have processes in the cgroup of the master (%s), such as %d; %s", s.shown(folder), pid, advice)
		}
		out = append(out, pid)
	}
	return out, nil
}
