package cgroup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	master = 100 // the process of the fake system
	child  = 101
)

// fake makes a tree like that of the kernel, in which the master is in the cgroup
// /service. What a real kernel does by itself, such as making the files of a new
// cgroup, does not happen.
func fake(t *testing.T, path string) *system {
	t.Helper()
	s := &system{root: t.TempDir(), pid: master, family: func() map[int]bool { return map[int]bool{1: true, master: true, child: true} },
		remove: os.RemoveAll}
	put(t, s, "proc/self/cgroup", "4:memory:/else\n0::"+path+"\n")
	put(t, s, "proc/self/mountinfo", "22 1 0:20 / /proc rw - proc proc rw\n30 1 0:25 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n")
	folder := "sys/fs/cgroup" + path
	put(t, s, folder+"/cgroup.controllers", "cpu memory pids\n")
	put(t, s, folder+"/cgroup.procs", "100\n101\n")
	put(t, s, folder+"/cgroup.type", "domain\n")
	put(t, s, folder+"/cgroup.subtree_control", "")
	return s
}

func put(t *testing.T, s *system, name, text string) {
	t.Helper()
	path := filepath.Join(s.root, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

func get(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// TestTree_New makes cgroups for two workers: the master and its family move to a leaf,
// as the kernel wants before a cgroup can limit its children.
func TestTree_New(t *testing.T) {
	s := fake(t, "/service")
	folder := filepath.Join(s.root, "sys/fs/cgroup/service")
	put(t, s, "sys/fs/cgroup/service/ldcorn-7-1-old.0/memory.max", "1")
	tree := &Tree{sys: s}
	g, err := tree.New("web.0", 256<<20, 512<<20)
	require.NoError(t, err)
	assert.Equal(t, "+memory", get(t, filepath.Join(folder, "cgroup.subtree_control")))
	assert.Equal(t, "101", get(t, filepath.Join(folder, "ldcorn-master/cgroup.procs")), "the last one that was moved")
	assert.NoDirExists(t, filepath.Join(folder, "ldcorn-7-1-old.0"), "that of a killed master")

	assert.Equal(t, filepath.Join(folder, "ldcorn-100-1-web.0"), g.Path())
	assert.Equal(t, "268435456", get(t, filepath.Join(g.Path(), "memory.high")))
	assert.Equal(t, "536870912", get(t, filepath.Join(g.Path(), "memory.max")))
	assert.Equal(t, "1", get(t, filepath.Join(g.Path(), "memory.oom.group")))

	second, err := tree.New("web.1", 0, 1<<30)
	require.NoError(t, err)
	assert.NotEqual(t, g.Path(), second.Path())
	assert.NoFileExists(t, filepath.Join(second.Path(), "memory.high"))
	g.Remove()
	assert.NoDirExists(t, g.Path())
	assert.DirExists(t, second.Path())
}

func TestGroup_OOMKills(t *testing.T) {
	g, err := (&Tree{sys: fake(t, "/service")}).New("web.0", 0, 1<<30)
	require.NoError(t, err)
	assert.Zero(t, g.OOMKills())
	events := filepath.Join(g.Path(), "memory.events")
	require.NoError(t, os.WriteFile(events, []byte("low 0\nhigh 4\nmax 9\noom 2\noom_kill 0\noom_group_kill 0\n"), 0o644))
	assert.Zero(t, g.OOMKills())
	require.NoError(t, os.WriteFile(events, []byte("low 0\nhigh 4\nmax 9\noom 2\noom_kill 3\noom_group_kill 1\n"), 0o644))
	assert.Equal(t, 3, g.OOMKills())
}

// TestGroup_RemoveLater keeps a cgroup in which something runs, until it is empty.
func TestGroup_RemoveLater(t *testing.T) {
	s := fake(t, "/service")
	busy := true
	s.remove = func(path string) error {
		if busy && strings.HasSuffix(path, "web.0") {
			return os.ErrPermission
		}
		return os.RemoveAll(path)
	}
	tree := &Tree{sys: s}
	g, err := tree.New("web.0", 0, 1<<30)
	require.NoError(t, err)
	g.Remove()
	assert.DirExists(t, g.Path())
	busy = false
	_, err = tree.New("web.1", 0, 1<<30)
	require.NoError(t, err)
	assert.NoDirExists(t, g.Path())
}

// TestFind_Moved finds the cgroup to divide after this program has moved, and in a
// container, whose mount shows only a part of the tree.
func TestFind_Moved(t *testing.T) {
	s := fake(t, "/service")
	put(t, s, "proc/self/cgroup", "0::/service/ldcorn-master\n")
	folder, err := s.find()
	require.NoError(t, err)
	assert.Equal(t, "/sys/fs/cgroup/service", s.shown(folder))

	s = fake(t, "/service")
	put(t, s, "proc/self/cgroup", "0::/pod/service\n")
	put(t, s, "proc/self/mountinfo", "30 1 0:25 /pod /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
	folder, err = s.find()
	require.NoError(t, err)
	assert.Equal(t, "/sys/fs/cgroup/service", s.shown(folder))
}

// TestVacate_First leaves the processes of the first of all cgroups where they are.
func TestVacate_First(t *testing.T) {
	s := fake(t, "/")
	require.NoError(t, os.Remove(filepath.Join(s.root, "sys/fs/cgroup/cgroup.type")))
	_, err := (&Tree{sys: s}).New("web.0", 0, 1<<30)
	require.NoError(t, err)
	assert.Equal(t, "+memory", get(t, filepath.Join(s.root, "sys/fs/cgroup/cgroup.subtree_control")))
	assert.NoDirExists(t, filepath.Join(s.root, "sys/fs/cgroup/ldcorn-master"))
}

// TestCheck_Refuses says what is missing, and changes nothing.
func TestCheck_Refuses(t *testing.T) {
	const at = "sys/fs/cgroup/service/"
	for name, c := range map[string]struct {
		spoil func(t *testing.T, s *system)
		want  string
	}{
		"no cgroups": {func(t *testing.T, s *system) { require.NoError(t, os.RemoveAll(filepath.Join(s.root, "proc"))) },
			"this system has no cgroups; use max_rss instead"},
		"version 1": {func(t *testing.T, s *system) { put(t, s, "proc/self/cgroup", "4:memory:/x\n") },
			"this system has no cgroup v2; boot with systemd.unified_cgroup_hierarchy=1, or use max_rss instead"},
		"not mounted": {func(t *testing.T, s *system) {
			put(t, s, "proc/self/mountinfo", "22 1 0:20 / /proc rw - proc proc rw\n")
		},
			"cgroup v2 is not mounted; mount it at /sys/fs/cgroup, or use max_rss instead"},
		"no controller": {func(t *testing.T, s *system) { put(t, s, at+"cgroup.controllers", "cpu pids\n") },
			"the cgroup of the master (/sys/fs/cgroup/service) has no memory controller; run ldcorn as a service with Delegate=yes"},
		"not delegated": {func(t *testing.T, s *system) { put(t, s, "run/systemd/system/x", "") },
			"systemd has not delegated the cgroup of the master (/sys/fs/cgroup/service); run ldcorn as"},
		"another's process": {func(t *testing.T, s *system) { put(t, s, at+"cgroup.procs", "100\n666\n") },
			"others have processes in the cgroup of the master (/sys/fs/cgroup/service), such as 666; run"},
		"a process of elsewhere": {func(t *testing.T, s *system) { put(t, s, at+"cgroup.procs", "100\n0\n") },
			"others have processes in the cgroup of the master (/sys/fs/cgroup/service); run"},
	} {
		t.Run(name, func(t *testing.T) {
			s := fake(t, "/service")
			require.NoError(t, s.check())
			c.spoil(t, s)
			require.ErrorContains(t, s.check(), c.want)
			_, err := (&Tree{sys: s}).New("web.0", 0, 1<<30)
			require.ErrorContains(t, err, c.want)
			assert.NoDirExists(t, filepath.Join(s.root, at, "ldcorn-master"))
		})
	}
}

// TestCheck_NotOurs refuses a cgroup that belongs to another user.
func TestCheck_NotOurs(t *testing.T) {
	s := fake(t, "/service")
	require.NoError(t, os.Remove(filepath.Join(s.root, "sys/fs/cgroup/service/cgroup.subtree_control")))
	require.ErrorContains(t, s.check(), "the master may not divide its cgroup (/sys/fs/cgroup/service): no such file or directory; run ldcorn as a service")
}
