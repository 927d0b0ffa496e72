package builtin

import (
	"io/fs"
	"math"
	"os"
	"path"
	"runtime"
	"strconv"
	"strings"
)

// CPUs returns how many CPUs this process can use: the number in its affinity,
// or its cgroup quota, rounded up, if that is less. It is at least 1.
func CPUs() int { return cpus(runtime.NumCPU(), os.DirFS("/")) }

func cpus(affinity int, root fs.FS) int {
	n := float64(affinity)
	for _, dir := range cgroupDirs(root) {
		if quota, ok := cpuQuota(root, dir); ok {
			n = min(n, quota)
		}
	}
	return max(1, int(math.Ceil(n)))
}

// cgroupDirs returns the folders of this process's cgroup and of all its
// ancestors, because each can have a quota. Inside a container the path in
// /proc/self/cgroup may not exist below the cgroup mount, so the result
// includes the top.
func cgroupDirs(root fs.FS) []string {
	var dirs []string
	data, _ := fs.ReadFile(root, "proc/self/cgroup")
	for line := range strings.Lines(string(data)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		mount := ""
		switch {
		case parts[1] == "":
			mount = "sys/fs/cgroup"
		case strings.Contains(","+parts[1]+",", ",cpu,"):
			mount = "sys/fs/cgroup/cpu"
		default:
			continue
		}
		for p := path.Clean("/" + parts[2]); ; p = path.Dir(p) {
			dirs = append(dirs, path.Join(mount, p))
			if p == "/" {
				break
			}
		}
	}
	return append(dirs, "sys/fs/cgroup", "sys/fs/cgroup/cpu")
}

// cpuQuota reads the quota of a cgroup, version 2 or 1, in CPUs.
func cpuQuota(root fs.FS, dir string) (float64, bool) {
	if data, err := fs.ReadFile(root, path.Join(dir, "cpu.max")); err == nil {
		quota, period, _ := strings.Cut(strings.TrimSpace(string(data)), " ")
		return ratio(quota, period)
	}
	quota, err := fs.ReadFile(root, path.Join(dir, "cpu.cfs_quota_us"))
	if err != nil {
		return 0, false
	}
	period, _ := fs.ReadFile(root, path.Join(dir, "cpu.cfs_period_us"))
	return ratio(strings.TrimSpace(string(quota)), strings.TrimSpace(string(period)))
}

func ratio(quota, period string) (float64, bool) {
	q, err := strconv.ParseFloat(quota, 64)
	p, perr := strconv.ParseFloat(period, 64)
	if err != nil || perr != nil || q <= 0 || p <= 0 {
		return 0, false // "max", or -1: no quota
	}
	return q / p, true
}
