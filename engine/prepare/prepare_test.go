package prepare

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// run runs a script in a process that is prepared, and returns what it prints.
func run(t *testing.T, s *Setup, script string) string {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", script)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr, cmd.Env = &out, &out, []string{"A=b", "PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	require.NoError(t, start(cmd, s))
	require.NoError(t, cmd.Wait(), out.String())
	return strings.TrimSpace(out.String())
}

func start(cmd *exec.Cmd, s *Setup) error {
	v, err := Wrap(cmd, s)
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return v.Drop(err)
	}
	return v.Wait()
}

func number(n int) *int { return &n }

// nobody is a user that every system has, with no rights.
const nobody = 65534

func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can give processes another user; TestCheck_NotRoot has the rest")
	}
}

func TestWrap(t *testing.T) {
	s := &Setup{Umask: number(0o27), Nice: number(7), Rlimits: []plan.Rlimit{{Name: "core", Soft: 0, Hard: 0}, {Name: "nofile", Soft: 99, Hard: 100}}}
	assert.Equal(t, "0027\n0\n99\n100\n7", run(t, s, "umask; ulimit -c; ulimit -S -n; ulimit -H -n; nice"))
}

// TestWrap_SameProcess checks that the program gets the arguments, the environment and
// the descriptors that it gets without anything to prepare.
func TestWrap_SameProcess(t *testing.T) {
	const script = `echo "$0"; env | grep -v ^_=; ls /dev/fd; trap`
	plain := run(t, nil, script)
	assert.Contains(t, plain, "A=b\n")
	assert.Equal(t, plain, run(t, &Setup{Umask: number(0o22)}, script))
}

func TestWrap_Errors(t *testing.T) {
	s := &Setup{Nice: number(1)}
	err := start(exec.Command("/nonexistent/program"), s)
	require.EqualError(t, err, "fork/exec /nonexistent/program: no such file or directory")
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorIs(t, start(exec.Command("no-such-program-anywhere"), s), exec.ErrNotFound)

	cmd := exec.Command("/bin/true")
	cmd.Dir = "/nonexistent"
	require.ErrorContains(t, start(cmd, s), "/nonexistent: no such file or directory")

	s = &Setup{Rlimits: []plan.Rlimit{{Name: "nonsense", Soft: 1, Hard: 1}}}
	require.EqualError(t, start(exec.Command("/bin/true"), s), `rlimits["nonsense"]: this system has no such limit`)
	s = &Setup{Cgroup: "/nonexistent"}
	require.EqualError(t, start(exec.Command("/bin/true"), s), `memory cgroup: open /nonexistent/cgroup.procs: no such file or directory`)
}

// TestWrap_Cgroup enters a cgroup, of which the test makes the file, by itself.
func TestWrap_Cgroup(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(folder+"/cgroup.procs", nil, 0o600))
	assert.Equal(t, "0", run(t, &Setup{Cgroup: folder}, "cat "+folder+"/cgroup.procs"))
}

// TestWrap_NotOurs ignores a variable that somebody else has set.
func TestWrap_NotOurs(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.list", "NoSuchTest")
	cmd.Env = append(os.Environ(), variable+`={"program": "/bin/false", "verdict": 99}`)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}

func TestWrap_User(t *testing.T) {
	asRoot(t)
	group := &plan.Group{User: "nobody"}
	s, err := For(group, 0)
	require.NoError(t, err)
	require.NotNil(t, s.Account)
	got := run(t, s, "id -u; id -ru; id -G; cat /etc/shadow 2>/dev/null || echo closed; grep CapEff /proc/self/status")
	assert.Equal(t, fmt.Sprintf("%d\n%d\n%d\nclosed\nCapEff:\t0000000000000000", s.Account.UID, s.Account.UID, s.Account.GID), got)
	assert.Contains(t, s.Account.Environ(), "USER=nobody")
	assert.Contains(t, s.Account.Environ(), "LOGNAME=nobody")

	// A group alone leaves the user.
	s, err = For(&plan.Group{UnixGroup: fmt.Sprint(nobody)}, 0)
	require.NoError(t, err)
	assert.Equal(t, fmt.Sprintf("0\n%d", nobody), run(t, s, "id -u; id -g"))
	assert.Nil(t, s.Account.Environ())
}

// TestWrap_UserFolder says that the user cannot enter the folder: it was entered before
// the user changed.
func TestWrap_UserFolder(t *testing.T) {
	asRoot(t)
	s, err := For(&plan.Group{User: "nobody"}, 0)
	require.NoError(t, err)
	cmd := exec.Command("/bin/true")
	cmd.Dir = t.TempDir()
	require.NoError(t, os.Chmod(cmd.Dir, 0o700))
	err = start(cmd, s)
	require.ErrorIs(t, err, os.ErrPermission)
	assert.Contains(t, err.Error(), "user nobody: cannot enter the folder "+cmd.Dir)
	require.Error(t, cmd.Wait())
}

func TestAccountOf(t *testing.T) {
	for _, c := range []struct {
		group plan.Group
		want  string
	}{
		{plan.Group{User: "no-such-user"}, `this machine has no user "no-such-user" in /etc/passwd; name another, or write a number`},
		{plan.Group{UnixGroup: "no-such-group"}, `this machine has no group "no-such-group" in /etc/group; name another, or write a number`},
		{plan.Group{User: "4000000"}, "user 4000000 has no entry in /etc/passwd, which says what its group is; write group= as well"},
	} {
		_, err := AccountOf(&c.group)
		require.NotNil(t, err)
		assert.EqualError(t, err, c.want)
	}
	got, err := AccountOf(&plan.Group{User: "4000000", UnixGroup: "4000001"})
	require.Nil(t, err)
	assert.Equal(t, &Account{UID: 4000000, GID: 4000001, Groups: []int{4000001}, Home: "/"}, got)
	assert.Equal(t, []string{"HOME=/"}, got.Environ())

	ours := plan.Group{User: fmt.Sprint(os.Geteuid()), UnixGroup: fmt.Sprint(os.Getegid())}
	got, err = AccountOf(&ours)
	require.Nil(t, err)
	if got != nil { // the groups of a login, which this process need not have
		assert.Equal(t, os.Geteuid(), got.UID)
	}
	got, err = AccountOf(&plan.Group{})
	require.Nil(t, err)
	assert.Nil(t, got)
}

func TestShellOf(t *testing.T) {
	before := passwd
	t.Cleanup(func() { passwd = before })
	passwd = t.TempDir() + "/passwd"
	require.NoError(t, os.WriteFile(passwd, []byte("# comment\na:x:1:1::/a:/bin/a\nb:x:2:1:B:/b:/bin/b\n"), 0o600))
	assert.Equal(t, "/bin/b", shellOf("2"))
	assert.Empty(t, shellOf("3"))
}

// check returns the problems of a group, with their arguments.
func check(group *plan.Group) (out []string) {
	for _, p := range Check(group) {
		out = append(out, p.Argument+"| "+p.Error())
	}
	return out
}

func TestCheck(t *testing.T) {
	fine := &plan.Group{Nice: number(19), Rlimits: []plan.Rlimit{{Name: "core"}}}
	assert.Empty(t, check(fine))
	require.NoError(t, CheckAll(&plan.Plan{Groups: []*plan.Group{fine}}))

	bad := &plan.Group{Name: "web", User: "no-such-user", Rlimits: []plan.Rlimit{{Name: "nofile", Soft: plan.Unlimited, Hard: plan.Unlimited}}}
	got := check(bad)
	require.Len(t, got, 2)
	assert.Contains(t, got[0], `user| user: this machine has no user "no-such-user"`)
	assert.Contains(t, got[1], `rlimits| rlimits["nofile"]: `)
	require.ErrorContains(t, CheckAll(&plan.Plan{Groups: []*plan.Group{fine, bad}}), `group "web": user: this machine has no user`)
}

// TestCheck_NotRoot asks a process without rights, as which the test runs itself if it
// has them.
func TestCheck_NotRoot(t *testing.T) {
	if os.Geteuid() == 0 {
		folder := t.TempDir()
		binary := folder + "/prepare.test"
		text, err := os.ReadFile(os.Args[0])
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(binary, text, 0o755))
		require.NoError(t, os.Chmod(folder, 0o755))
		require.NoError(t, os.Chmod(filepath.Dir(folder), 0o755))
		cmd := exec.Command(binary, "-test.run", "^TestCheck_NotRoot$", "-test.v")
		cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		assert.Contains(t, string(out), "--- PASS: TestCheck_NotRoot")
		return
	}
	var limit unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	got := check(&plan.Group{User: "root", Nice: number(-5), Rlimits: []plan.Rlimit{{Name: "nofile", Soft: 1, Hard: limit.Max + 1}}})
	require.Len(t, got, 3)
	assert.Equal(t, "user| user: a master that does not run as root cannot start processes as another user, here as user root; start it as root, or remove user=", got[0])
	assert.Regexp(t, `^rlimits\| rlimits\["nofile"\]: (the hard limit of the master is \d+, got \d+; write less, or raise it where the master is started, as with LimitNOFILE= of systemd or ulimit -H|the most that this system allows)`, got[1])
	assert.Regexp(t, `^nice\| nice: the master may give \d+ or more, got -5; start it as root, or with LimitNICE=-5 of systemd`, got[2])
	err := start(exec.Command("/bin/true"), &Setup{Account: &Account{UID: 0, GID: 0, Name: "root"}})
	require.EqualError(t, err, "user root: setgroups: operation not permitted")

	// A user that this process already has needs no right.
	assert.Empty(t, check(&plan.Group{User: fmt.Sprint(os.Geteuid()), UnixGroup: fmt.Sprint(os.Getegid())}))
}
