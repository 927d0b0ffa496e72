package confine

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// scarce are memory limits of the system that, if set this low, can keep a
// program from running at all. Each applies to the memory that a process
// reserves, not to what it uses.
var scarce = []struct {
	resource int
	below    uint64 // bytes; a higher limit does no harm
	deadly   uint64 // bytes; below it the runtime can fail at any moment
	words    string
	hint     string
}{
	// Go and Starlark reserve some GiB of addresses but use few of them.
	{unix.RLIMIT_AS, 8 << 30, 2 << 30, "the address space of ldcorn is limited to %d MiB (RLIMIT_AS)",
		"lift it with `ulimit -v unlimited`, or LimitAS=infinity in the systemd unit; MemoryMax= there limits the memory in use"},
	{unix.RLIMIT_DATA, 2 * maxMemory, 256 << 20, "the data of ldcorn is limited to %d MiB (RLIMIT_DATA)",
		"lift it with `ulimit -d unlimited`, or LimitDATA=infinity in the systemd unit; MemoryMax= there limits the memory in use"},
}

// scarcity returns the limit of this process, which its children inherit, that
// most likely caused a failure, or "" if there is none.
func scarcity() (words, hint string) {
	for _, s := range scarce {
		if limit := softLimit(s.resource); limit < s.below {
			return fmt.Sprintf(s.words, limit>>20), s.hint
		}
	}
	return "", ""
}

// Warning returns a warning and advice if this process, confined or not, has so
// little memory that the Go runtime may fail on its own, or "" if it has
// enough.
func Warning() string {
	for _, s := range scarce {
		if limit := softLimit(s.resource); limit < s.deadly {
			return fmt.Sprintf(s.words+", which may be too little to run; %s", limit>>20, s.hint)
		}
	}
	return ""
}

func softLimit(resource int) uint64 {
	var limit unix.Rlimit
	if unix.Getrlimit(resource, &limit) != nil {
		return unix.RLIM_INFINITY
	}
	return uint64(limit.Cur)
}

// saysMemory reports whether words is the final output of a program that got no
// memory from the system.
func saysMemory(words string) bool {
	return containsAny(words, "out of memory", "cannot allocate memory", "Cannot allocate memory", "failed to allocate", "errno=12")
}

// saysThreads reports whether words is the final output of a program that could
// not start a thread.
func saysThreads(words string) bool {
	return containsAny(words, "pthread_create failed", "failed to create new OS thread")
}

func containsAny(s string, among ...string) bool {
	for _, part := range among {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}

// lastSignal returns the signal that ended a Go program, which prints its
// goroutines and exits with code 2, or 0 if there was none.
func lastSignal(words string) unix.Signal {
	for line := range strings.Lines(words) {
		if name, _, found := strings.Cut(line, ":"); found && strings.HasPrefix(name, "SIG") {
			return unix.SignalNum(name)
		}
		break
	}
	return 0
}
