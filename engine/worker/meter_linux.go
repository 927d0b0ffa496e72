//go:build !portable

package worker

import "github.com/prometheus/procfs"

func readGroups() map[int]Usage {
	procs, err := procfs.AllProcs()
	if err != nil {
		return nil
	}
	groups := make(map[int]Usage)
	for _, proc := range procs {
		stat, err := proc.Stat()
		if err != nil {
			continue // it has exited
		}
		u := groups[stat.PGRP]
		u.RSS += int64(stat.ResidentMemory())
		u.CPU += stat.CPUTime()
		groups[stat.PGRP] = u
	}
	return groups
}
