//go:build !portable

package orphan

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/procfs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/proc"
	"github.com/ldcorn/ldcorn/engine/worker"
)

const (
	patience = time.Minute
	tick     = 5 * time.Millisecond
)

func init() { runtime.LockOSThread() }

// family is the family of the test process. It has the orphans of all tests.
var family *Family

func TestMain(m *testing.M) {
	family = Adopt(slog.New(slog.DiscardHandler))
	code := 0
	_ = family.While(func() error { code = m.Run(); return nil })
	os.Exit(code)
}

// zombies returns our children that have exited but were not reaped.
func zombies(t *testing.T) (found []int) {
	procs, err := procfs.AllProcs()
	require.NoError(t, err)
	for _, other := range procs {
		if p, err := proc.Read(other.PID); err == nil && p.Parent == os.Getpid() && p.Ended() {
			found = append(found, other.PID)
		}
	}
	return found
}

// TestWhile_TakesNoExitOfOurs: while orphans come and go all the time, every
// child of our own still has its own exit code.
func TestWhile_TakesNoExitOfOurs(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 40 {
				err := exec.Command("sh", "-c", fmt.Sprintf("(setsid sleep 0.00%d &); exit 3", (i+n)%10)).Run()
				exit := new(exec.ExitError)
				if !assert.True(t, errors.As(err, &exit), "%v", err) || !assert.Equal(t, 3, exit.ExitCode()) {
					return
				}
			}
		})
	}
	wg.Wait()
	require.Eventually(t, func() bool {
		return len(zombies(t)) == 0 && len(proc.Below(proc.All(), os.Getpid())) == 0
	}, patience, tick)
}

// leave starts a program that immediately becomes our orphan, and returns it.
func leave(t *testing.T, script string, env ...string) proc.Process {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pid")
	cmd := exec.Command("sh", "-c", `setsid sh -c "$0" & echo $! >"$1"`, script+`; while :; do sleep 1; done`, file)
	cmd.Env = append(os.Environ(), env...)
	require.NoError(t, cmd.Run())
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	require.NoError(t, err)
	p, err := proc.Read(pid)
	require.NoError(t, err)
	return p
}

func lives(p proc.Process) bool { return proc.Lives(p.PID, p.Start) }

func TestEnd_TermThenKill(t *testing.T) {
	note := filepath.Join(t.TempDir(), "note")
	ready := func(name string) string { return "; echo " + name + " >>" + note }
	polite := leave(t, `trap "echo polite-ended >>`+note+`; exit" TERM`+ready("polite"))
	stubborn := leave(t, `trap "" TERM`+ready("stubborn"))
	require.Eventually(t, func() bool {
		data, _ := os.ReadFile(note) // it may not exist yet
		return strings.Count(string(data), "\n") == 2
	}, patience, tick)
	family.End(nil)
	assert.False(t, lives(polite))
	assert.False(t, lives(stubborn))
	data, err := os.ReadFile(note)
	require.NoError(t, err)
	assert.Contains(t, string(data), "polite-ended")
	assert.Empty(t, proc.Below(proc.All(), os.Getpid()), "their children, too")
}

func TestEnd_Hurry(t *testing.T) {
	stubborn := leave(t, `trap "" TERM`)
	hurry := make(chan struct{})
	close(hurry)
	family.End(hurry)
	assert.False(t, lives(stubborn))
}

// TestEnd_SparesWhatWasThereFirst: End spares processes that existed before
// Adopt and their descendants, unless they have the environment of a worker.
func TestEnd_SparesWhatWasThereFirst(t *testing.T) {
	first := leave(t, "setsid sleep 600 & :")
	f := &Family{log: slog.New(slog.DiscardHandler), pid: os.Getpid(), before: map[int]uint64{first.PID: first.Start}}
	unknown := leave(t, ":")
	ours := leave(t, ":", worker.EnvMaster+"=1/2/a/b")
	f.End(nil)
	assert.True(t, lives(first))
	assert.True(t, lives(unknown), "it may be the first one's")
	assert.False(t, lives(ours))
	family.End(nil)
	assert.False(t, lives(first))
}
