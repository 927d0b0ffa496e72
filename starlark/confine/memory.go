package confine

import (
	"bytes"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// The memory limit is half of the free memory, but stays within these bounds,
// in bytes. It leaves room for the process that evaluates the configuration
// next.
const (
	maxMemory = 512 << 20
	minMemory = 64 << 20
)

// memoryLimit returns how much memory a confined process can use.
func memoryLimit(root fs.FS) uint64 {
	free := uint64(2 * maxMemory)
	if n, ok := number(root, "proc/meminfo", "MemAvailable:"); ok {
		free = min(free, n<<10)
	}
	for _, dir := range cgroupDirs(root) {
		if n, ok := freeIn(root, dir); ok {
			free = min(free, n)
		}
	}
	return min(maxMemory, max(minMemory, free/2))
}

// cgroupDirs returns the folders of this process's cgroup and of its ancestors,
// for version 2 or 1. Inside a container the path may not exist below the
// cgroup mount, so the result includes the top.
func cgroupDirs(root fs.FS) []string {
	dirs := []string{"sys/fs/cgroup", "sys/fs/cgroup/memory"}
	data, _ := fs.ReadFile(root, "proc/self/cgroup")
	for line := range strings.Lines(string(data)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		mount := "sys/fs/cgroup"
		switch {
		case parts[1] == "":
		case strings.Contains(","+parts[1]+",", ",memory,"):
			mount += "/memory"
		default:
			continue
		}
		for at := path.Clean("/" + parts[2]); at != "/"; at = path.Dir(at) {
			dirs = append(dirs, mount+at)
		}
	}
	return dirs
}

// freeIn returns how much more memory a cgroup can use. Its cached files do not
// count, because the kernel can drop them.
func freeIn(root fs.FS, dir string) (uint64, bool) {
	limit, ok := number(root, dir+"/memory.max", "")
	used, _ := number(root, dir+"/memory.current", "")
	files, _ := number(root, dir+"/memory.stat", "file ")
	if !ok {
		limit, ok = number(root, dir+"/memory.limit_in_bytes", "")
		used, _ = number(root, dir+"/memory.usage_in_bytes", "")
		files, _ = number(root, dir+"/memory.stat", "total_cache ")
	}
	used -= min(used, files)
	return limit - min(limit, used), ok
}

// number reads the number that follows a word at the start of a line of a file.
func number(root fs.FS, name, word string) (uint64, bool) {
	data, err := fs.ReadFile(root, name)
	if err != nil {
		return 0, false
	}
	for line := range bytes.Lines(data) {
		rest, found := strings.CutPrefix(string(line), word)
		if fields := strings.Fields(rest); found && len(fields) > 0 {
			n, err := strconv.ParseUint(fields[0], 10, 64)
			return n, err == nil // "max" means no limit
		}
	}
	return 0, false
}
