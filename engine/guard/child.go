//go:build !linux || portable

package guard

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/proc"
)

// These are set for a process that is to be a guard or a gate.
const (
	guardVariable = "LDCORN_GUARD"
	gateVariable  = "LDCORN_GATE" // two descriptors and the path of a program
)

// firstFD is the number of the first of ExtraFiles.
const firstFD = 3

func init() {
	switch {
	case os.Getenv(guardVariable) != "" && isPipe(firstFD):
		serve(os.NewFile(firstFD, "leash"))
		os.Exit(0)
	case os.Getenv(gateVariable) != "":
		wait(os.Getenv(gateVariable))
	}
}

func isPipe(fd int) bool {
	var st unix.Stat_t
	return unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFIFO
}

// serve is the guard.
func serve(leash io.Reader) {
	signal.Ignore(unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGUSR1, unix.SIGUSR2, unix.SIGTSTP, unix.SIGPIPE)
	kill(follow(leash))
}

// kill kills groups, which it gets with the start times of their leaders.
func kill(groups map[int]uint64) {
	for pid, start := range groups {
		// The kernel gives the id of a group to no new process. If somebody has it
		// all the same, the group was gone, and so is what we guarded.
		if p, err := proc.Read(pid); err == nil && start != 0 && p.Start != start {
			continue
		}
		_ = unix.Kill(-pid, unix.SIGKILL)
	}
}

// follow reads which groups begin and end until the stream ends, and returns those
// that are left.
func follow(leash io.Reader) map[int]uint64 {
	left := make(map[int]uint64)
	for lines := bufio.NewScanner(leash); lines.Scan(); {
		sign, rest := lines.Text()[:min(1, len(lines.Text()))], lines.Text()[min(1, len(lines.Text())):]
		number, moment, _ := strings.Cut(rest, " ")
		pid, err := strconv.Atoi(number)
		if err != nil || pid <= 1 {
			continue
		}
		start, _ := strconv.ParseUint(moment, 10, 64) // 0, unknown, if there is none
		switch sign {
		case "+":
			left[pid] = start
		case "-":
			delete(left, pid)
		}
	}
	return left
}

// wait is the gate. It returns if the variable is not for this process.
func wait(variable string) {
	words := strings.SplitN(variable, " ", 3)
	if len(words) != 3 {
		return
	}
	held, err1 := strconv.Atoi(words[0])
	says, err2 := strconv.Atoi(words[1])
	if err1 != nil || err2 != nil || !isPipe(held) || !isPipe(says) {
		return
	}
	syscall.CloseOnExec(held)
	syscall.CloseOnExec(says)
	if n, _ := readByte(held); n != 1 {
		os.Exit(1) // who started us was killed
	}
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, gateVariable+"=") })
	err := syscall.Exec(words[2], os.Args, env)
	number, _ := err.(syscall.Errno)
	_, _ = syscall.Write(says, fmt.Appendf(nil, "%d", int(number)))
	os.Exit(127)
}

func readByte(fd int) (n int, err error) {
	var b [1]byte
	for {
		if n, err = syscall.Read(fd, b[:]); err != syscall.EINTR {
			return n, err
		}
	}
}
