//go:build !portable

package worker

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
)

// ticks is how many ticks of a processor's time a second has in /proc. It is the same on
// each Linux.
const ticks = 100

// readGroups does not use package procfs: its way to read /proc/PID/stat takes some 60,000
// instructions for each process of the machine, and a page of the dashboard asks once a
// second.
func readGroups() map[int]Usage {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer func() { _ = dir.Close() }()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil
	}
	groups := make(map[int]Usage)
	page := int64(os.Getpagesize())
	for _, name := range names {
		if name[0] < '1' || name[0] > '9' {
			continue // it is no process
		}
		text, err := os.ReadFile(filepath.Join("/proc", name, "stat"))
		if err != nil {
			continue // it has exited
		}
		st, ok := parseStat(text)
		if !ok {
			continue
		}
		u := groups[st.group]
		u.RSS += st.pages * page
		u.CPU += float64(st.ticks) / ticks
		groups[st.group] = u
	}
	return groups
}

// A procStat is what a Meter needs of /proc/PID/stat.
type procStat struct {
	group int
	ticks int64 // of processor time, of the user and of the system
	pages int64 // resident
}

// The places of fields after the name of a program, from 0. See proc_pid_stat(5).
const (
	statGroup = 2
	statUser  = 11
	statSys   = 12
	statPages = 21
)

// parseStat reads the text of a /proc/PID/stat. It reports false if there is none, as for a
// process that is just exiting. The name of a program is in parentheses, and can have any
// byte, so that the fields begin after the last parenthesis.
func parseStat(text []byte) (st procStat, ok bool) {
	i := bytes.LastIndexByte(text, ')')
	if i < 0 {
		return st, false
	}
	at := 0
	for field := range bytes.FieldsSeq(text[i+1:]) {
		var n int64
		switch at {
		case statGroup, statUser, statSys, statPages:
			var err error
			if n, err = strconv.ParseInt(string(field), 10, 64); err != nil {
				return st, false
			}
		}
		switch at {
		case statGroup:
			st.group = int(n)
		case statUser, statSys:
			st.ticks += n
		case statPages:
			st.pages = n
			return st, true
		}
		at++
	}
	return st, false
}
