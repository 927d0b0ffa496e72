package proc

// Below returns the processes of all that descend from the process with this
// pid, parents before their children.
func Below(all []Process, pid int) []Process {
	children := make(map[int][]int, len(all)) // indexes into all, by the parent's pid
	for i := range all {
		children[all[i].Parent] = append(children[all[i].Parent], i)
	}
	var below []Process
	seen := map[int]bool{pid: true} // entries read at different moments may form a cycle
	for queue := []int{pid}; len(queue) > 0; queue = queue[1:] {
		for _, i := range children[queue[0]] {
			if child := all[i].PID; !seen[child] {
				seen[child] = true
				below = append(below, all[i])
				queue = append(queue, child)
			}
		}
	}
	return below
}

// Above returns the pids of a process and its ancestors.
func Above(all []Process, pid int) map[int]bool {
	parents := make(map[int]int, len(all))
	for i := range all {
		parents[all[i].PID] = all[i].Parent
	}
	above := make(map[int]bool)
	for pid != 0 && !above[pid] {
		above[pid] = true
		pid = parents[pid]
	}
	return above
}
