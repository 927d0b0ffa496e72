//go:build !linux || portable

package orphan

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/proc"
	"github.com/ldcorn/ldcorn/engine/worker"
)

const (
	patience = time.Minute
	tick     = 5 * time.Millisecond
)

// leave starts a program in the background whose parent exits at once, with a mark of
// a master, and returns it when it has said that it is ready.
func leave(t *testing.T, mark, script string) proc.Process {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pid")
	cmd := exec.Command("sh", "-c", `sh -c "$0" & :`, script+`; echo $$ >"`+file+`"; while :; do sleep 1; done`)
	cmd.Env = append(os.Environ(), worker.EnvMaster+"="+mark)
	require.NoError(t, cmd.Run())
	pid := 0
	require.Eventually(t, func() bool {
		data, _ := os.ReadFile(file) // it may not exist yet
		pid, _ = strconv.Atoi(strings.TrimSpace(string(data)))
		return pid > 0
	}, patience, tick)
	p, err := proc.Read(pid)
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Signal(9) })
	return p
}

func lives(p proc.Process) bool { return proc.Lives(p.PID, p.Start) }

func TestEnd_TermThenKill(t *testing.T) {
	family := Adopt(slog.New(slog.DiscardHandler))
	note := filepath.Join(t.TempDir(), "note")
	polite := leave(t, family.mark+"a/b", `trap "echo polite-ended >>`+note+`; exit" TERM`)
	stubborn := leave(t, family.mark+"a/b", `trap "" TERM`)
	other := leave(t, "1/2/a/b", ":")
	family.End(nil)
	assert.False(t, lives(polite))
	assert.False(t, lives(stubborn))
	assert.True(t, lives(other), "it belongs to another master")
	data, err := os.ReadFile(note)
	require.NoError(t, err)
	assert.Contains(t, string(data), "polite-ended")
	assert.Empty(t, family.left())
}

func TestEnd_Hurry(t *testing.T) {
	family := Adopt(slog.New(slog.DiscardHandler))
	stubborn := leave(t, family.mark+"a/b", `trap "" TERM`)
	hurry := make(chan struct{})
	close(hurry)
	family.End(hurry)
	assert.False(t, lives(stubborn))
}
