package confine

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// scarce are limits of memory that keep a program from running at all, where
// somebody has set one this low. Each is of what a process might use, not of
// what it does.
var scarce = []struct {
	resource int
	below    uint64 // bytes; a higher limit is not to blame
	deadly   uint64 // bytes; with a lower one the runtime may fail at any moment
	words    string
	hint     string
}{
	// Go and Starlark reserve some GiB of addresses, and use little of that.
	{unix.RLIMIT_AS, 8 << 30, 2 << 30, "the address space of ldcorn is limited to %d MiB (RLIMIT_AS)",
		"lift it with `ulimit -v unlimited`, or LimitAS=infinity in the systemd unit; MemoryMax= there limits what is really used"},
	{unix.RLIMIT_DATA, 2 * maxMemory, 256 << 20, "the data of ldcorn is limited to %d MiB (RLIMIT_DATA)",
		"lift it with `ulimit -d unlimited`, or LimitDATA=infinity in the systemd unit; MemoryMax= there limits what is really used"},
}

// scarcity says which limit of this process, which its children have too, is
// so low that a failure is most likely due to it; "" if there is none.
func scarcity() (words, hint string) {
	for _, s := range scarce {
		if limit := softLimit(s.resource); limit < s.below {
			return fmt.Sprintf(s.words, limit>>20), s.hint
		}
	}
	return "", ""
}

// Warning says that this process, confined or not, has so little memory that
// the Go runtime may fail with words of its own, and what to do; "" if it has
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

// saysMemory reports whether these are the last words of a program that got no
// memory from the system.
func saysMemory(words string) bool {
	return containsAny(words, "out of memory", "cannot allocate memory", "Cannot allocate memory", "failed to allocate", "errno=12")
}

// saysThreads reports whether these are the last words of a program that could
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
// goroutines and exits with code 2; 0 if none has.
func lastSignal(words string) unix.Signal {
	for line := range strings.Lines(words) {
		if name, _, found := strings.Cut(line, ":"); found && strings.HasPrefix(name, "SIG") {
			return unix.SignalNum(name)
		}
		break
	}
	return 0
}
