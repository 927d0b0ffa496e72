package prepare

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// has reports whether this process has a capability.
func has(capability uint) bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return os.Geteuid() == 0
	}
	return data[capability/32].Effective>>(capability%32)&1 == 1
}

// accountRights are what it takes to start processes of another user, to give them
// folders, to connect to them and to end them.
var accountRights = []struct {
	capability uint
	name       string
}{
	{unix.CAP_CHOWN, "CAP_CHOWN"}, {unix.CAP_DAC_OVERRIDE, "CAP_DAC_OVERRIDE"}, {unix.CAP_FOWNER, "CAP_FOWNER"},
	{unix.CAP_KILL, "CAP_KILL"}, {unix.CAP_SETGID, "CAP_SETGID"}, {unix.CAP_SETUID, "CAP_SETUID"},
}

// lackedRights returns the names of those that this process lacks.
func lackedRights() (out []string) {
	for _, r := range accountRights {
		if !has(r.capability) {
			out = append(out, r.name)
		}
	}
	return out
}

func mayRaiseLimits() bool { return has(unix.CAP_SYS_RESOURCE) }

// leastNice returns the least nice value that this process can give.
func leastNice() int {
	if has(unix.CAP_SYS_NICE) {
		return -20
	}
	var limit unix.Rlimit
	now := currentNice()
	if unix.Getrlimit(unix.RLIMIT_NICE, &limit) == nil && limit.Cur <= 40 {
		return min(now, 20-int(limit.Cur))
	}
	return now
}

// currentNice returns the nice value of this process: the system call returns it as 20
// less the value, so that it is never negative.
func currentNice() int {
	n, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		return 0
	}
	return 20 - n
}

// mostFiles returns the most open files that a process can be allowed.
func mostFiles() (uint64, bool) {
	text, err := os.ReadFile("/proc/sys/fs/nr_open")
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseUint(string(bytes.TrimSpace(text)), 10, 64)
	return n, err == nil
}
