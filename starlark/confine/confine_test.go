package confine_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/procfs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/starlark/confine"
)

// TestMain is also the main function of the confined processes that the tests
// start.
func TestMain(m *testing.M) {
	if cell := confine.Enter(); cell != nil {
		confined[cell.Purpose](cell)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var confined = map[string]func(*confine.Cell){
	"fine": func(c *confine.Cell) {
		defer c.Watch("testing", "a.star", time.Hour)()
		in, _ := io.ReadAll(os.Stdin)
		fmt.Printf("out %s %q", in, os.Getenv("LDCORN_CONFINED"))
		fmt.Fprint(os.Stderr, "err")
	},
	"code": func(*confine.Cell) { os.Exit(3) },
	"deep": func(c *confine.Cell) {
		defer c.Watch("testing", "a.star", time.Hour)()
		fmt.Println(recurse(1 << 40))
	},
	"memory": func(c *confine.Cell) {
		defer c.Watch("testing", "a.star", time.Hour)()
		fmt.Fprint(c, "printed\n")
		var kept [][]byte
		for {
			kept = append(kept, bytes.Repeat([]byte("x"), 1<<20))
			runtime.KeepAlive(kept)
		}
	},
	"at once": func(c *confine.Cell) {
		defer c.Watch("testing", "a.star", time.Hour)()
		fmt.Println(len(make([]byte, 1<<40)))
	},
	"garbage": func(c *confine.Cell) { // much garbage, of which little is kept
		for range 2000 {
			runtime.KeepAlive(bytes.Repeat([]byte("x"), 1<<20))
		}
	},
	"time": func(c *confine.Cell) {
		defer c.Watch("testing", "a.star", time.Hour)()
		defer c.Watch("running", "b.star", time.Millisecond)()
		for n := 0; ; n++ {
			runtime.KeepAlive(n)
		}
	},
	"in time": func(c *confine.Cell) {
		c.Watch("running", "b.star", time.Millisecond)()
		time.Sleep(2 * time.Second)
	},
	"panic": func(c *confine.Cell) {
		defer c.Watch("testing", "a.star", time.Hour)()
		panic("a fault")
	},
	"killed": func(*confine.Cell) {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	},
	"quit": func(c *confine.Cell) {
		defer c.Watch("testing", "a.star", time.Hour)()
		_ = syscall.Kill(os.Getpid(), syscall.SIGQUIT)
		select {}
	},
	"abort": func(c *confine.Cell) { // C code aborts like this when it gets no memory
		defer c.Watch("testing", "a.star", time.Hour)()
		_, _ = syscall.Write(2, []byte("runtime/cgo: pthread_create failed: Resource temporarily unavailable\n"))
		_ = syscall.Kill(os.Getpid(), syscall.SIGABRT)
		select {}
	},
	"wordy": func(*confine.Cell) { // prints the message of a failure but does not fail
		_, _ = syscall.Write(2, []byte("failed to allocate 4GB address space"))
	},
	"stopped": func(c *confine.Cell) {
		defer c.Watch("testing", "a.star", time.Millisecond)()
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	},
	"asleep": func(*confine.Cell) {
		fmt.Println(os.Getpid())
		select {}
	},
	"parent": func(*confine.Cell) { // starts another one, which must end with it
		_, _ = confine.Run(context.Background(), confine.Options{Purpose: "asleep", Stdout: os.Stdout})
	},
	"outside": func(c *confine.Cell) {
		show := func() {
			out, _ := exec.Command("sh", "-c", "ulimit -d").Output()
			fmt.Print(string(out))
		}
		show()
		c.Outside(show)
		show()
	},
}

//go:noinline
func recurse(n int) int {
	var room [64]int
	if n > 0 {
		room[n%64] = recurse(n - 1)
	}
	return room[n%64] + 1
}

func run(t *testing.T, purpose string) (stdout string, code int, err error) {
	t.Helper()
	var out bytes.Buffer
	code, err = confine.Run(t.Context(), confine.Options{Purpose: purpose, Stdin: strings.NewReader("in"), Stdout: &out})
	return out.String(), code, err
}

func TestRun(t *testing.T) {
	out, code, err := run(t, "fine")
	require.NoError(t, err)
	assert.Zero(t, code)
	assert.Equal(t, `out in ""`, out)
	_, code, err = run(t, "code")
	require.NoError(t, err)
	assert.Equal(t, 3, code)
	for _, purpose := range []string{"garbage", "in time", "wordy"} {
		_, code, err = run(t, purpose)
		require.NoError(t, err, purpose)
		assert.Zero(t, code, purpose)
	}
}

// TestRun_Ended checks that the parent reports why a confined process ended.
func TestRun_Ended(t *testing.T) {
	for purpose, want := range map[string]string{
		"deep":    "a.star: testing it took more than 64 MiB of stack: something in it is nested too deeply",
		"memory":  "a.star: testing it took more than [0-9]+ MiB of memory",
		"at once": "a.star: testing it took more than [0-9]+ MiB of memory",
		"time":    "b.star: running it takes longer than 1ms",
		"panic":   "a.star: testing it made ldcorn fail \\(this is a bug\\)",
		"killed":  "the process that evaluates it was ended by a signal: killed",
		"quit":    "a.star: testing it was ended by a signal: quit",
		"abort":   "a.star: testing it failed: the system lets ldcorn start no more threads",
	} {
		t.Run(purpose, func(t *testing.T) {
			_, _, err := run(t, purpose)
			var end *confine.Ended
			require.ErrorAs(t, err, &end)
			require.Regexp(t, "^"+want+"$", err.Error())
			report := end.Report()
			assert.Regexp(t, want, report.Error())
			switch purpose {
			case "memory":
				assert.Equal(t, "printed\n", end.Printed)
			case "panic":
				assert.Equal(t, "panic: a fault", end.Words[0])
			}
		})
	}
}

// TestRun_Scarce checks that the error names the limit of the system, not that
// of a configuration, if the system left the process no memory to run.
func TestRun_Scarce(t *testing.T) {
	var before unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_DATA, &before))
	low := before
	low.Cur = 900 << 20
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_DATA, &low))
	defer func() { require.NoError(t, unix.Setrlimit(unix.RLIMIT_DATA, &before)) }()
	for _, purpose := range []string{"at once", "abort"} {
		_, _, err := run(t, purpose)
		require.EqualError(t, err, "a.star: testing it got no memory from the system: the data of ldcorn is limited to 900 MiB (RLIMIT_DATA)")
		var end *confine.Ended
		require.ErrorAs(t, err, &end)
		assert.Contains(t, end.Report().Diagnostics[0].Hint, "`ulimit -d unlimited`, or LimitDATA=infinity")
	}
	assert.Empty(t, confine.Warning())
	low.Cur = 200 << 20
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_DATA, &low))
	assert.Contains(t, confine.Warning(), "limited to 200 MiB (RLIMIT_DATA), which may be too little to run; lift it with")
}

// TestRun_Cancel checks that a process ends with its context and with its
// parent.
func TestRun_Cancel(t *testing.T) {
	read, write, err := os.Pipe()
	require.NoError(t, err)
	defer read.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := confine.Run(ctx, confine.Options{Purpose: "asleep", Stdout: write})
		done <- err
	}()
	pid := readPID(t, read)
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	gone(t, pid)

	go func() {
		_, err := confine.Run(t.Context(), confine.Options{Purpose: "parent", Stdout: write, Started: func(signal func(os.Signal)) {
			go func() {
				pid = readPID(t, read)
				signal(syscall.SIGKILL)
			}()
		}})
		done <- err
	}()
	var end *confine.Ended
	require.ErrorAs(t, <-done, &end)
	gone(t, pid)
	write.Close()
}

// TestRun_Stuck checks that the parent gives up a process whose own clock
// stands still.
func TestRun_Stuck(t *testing.T) {
	_, err := confine.Run(t.Context(), confine.Options{Purpose: "stopped", Limit: 2 * time.Second})
	var end *confine.Ended
	require.ErrorAs(t, err, &end)
	assert.Equal(t, confine.Stuck, end.Cause)
	assert.Regexp(t, "^(a.star: testing it|the process that evaluates it) has not ended within 2s: its process hung and was killed$", err.Error())
	assert.Contains(t, end.Report().Diagnostics[0].Hint, "a file system that does not respond")

	// Run must not wait for a process that does not end when it is killed. Here
	// the test, in place of the kernel, keeps Run from seeing its end.
	hold, held := make(chan struct{}), make(chan struct{})
	_, err = confine.Run(t.Context(), confine.Options{Purpose: "stopped", Limit: time.Millisecond, Started: func(func(os.Signal)) {
		<-hold
		close(held)
	}})
	require.ErrorAs(t, err, &end)
	assert.Equal(t, confine.Unkillable, end.Cause)
	assert.EqualError(t, err, "the process that evaluates it has not ended within 1ms: its process hangs and cannot be killed")
	close(hold)
	select {
	case <-held:
	case <-t.Context().Done():
	}

	out, code, err := run(t, "fine")
	require.NoError(t, err)
	assert.Zero(t, code)
	assert.NotEmpty(t, out)
}

func readPID(t *testing.T, from io.Reader) int {
	buf := make([]byte, 32)
	n, err := from.Read(buf)
	if !assert.NoError(t, err) {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(buf[:n])))
	assert.NoError(t, err)
	return pid
}

func gone(t *testing.T, pid int) {
	t.Helper()
	require.Positive(t, pid)
	require.Eventually(t, func() bool {
		p, err := procfs.NewProc(pid)
		if err != nil {
			return true
		}
		stat, err := p.Stat()
		return err != nil || stat.State == "Z"
	}, time.Minute, time.Millisecond)
}

// TestCell_Outside checks that the user's programs run without the limits.
func TestCell_Outside(t *testing.T) {
	out, _, err := run(t, "outside")
	require.NoError(t, err)
	lines := strings.Fields(out)
	require.Len(t, lines, 3)
	assert.NotEqual(t, "unlimited", lines[0])
	assert.Equal(t, "unlimited", lines[1])
	assert.NotEqual(t, "unlimited", lines[2])
}

// TestCell_None checks that a process that is not confined works without a
// Cell.
func TestCell_None(t *testing.T) {
	var cell *confine.Cell
	cell.Watch("testing", "a.star", time.Nanosecond)()
	cell.PreferForOOM()
	ran := false
	cell.Outside(func() { ran = true })
	assert.True(t, ran)
}
