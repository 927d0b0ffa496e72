package confine

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
)

func TestMemoryLimit(t *testing.T) {
	const mib = 1 << 20
	for name, c := range map[string]struct {
		files map[string]string
		want  uint64 // MiB
	}{
		"nothing is known": {nil, 512},
		"a large machine":  {map[string]string{"proc/meminfo": "MemTotal: 9 kB\nMemAvailable: 8388608 kB\n"}, 512},
		"a small machine":  {map[string]string{"proc/meminfo": "MemAvailable: 409600 kB\n"}, 200},
		"a full machine":   {map[string]string{"proc/meminfo": "MemAvailable: 1024 kB\n"}, 64},
		"a cgroup": {map[string]string{
			"proc/self/cgroup":                      "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max":          "536870912\n",
			"sys/fs/cgroup/a/b/memory.current":      "314572800\n",
			"sys/fs/cgroup/a/b/memory.stat":         "anon 1\nfile 209715200\nfile_mapped 1\n",
			"sys/fs/cgroup/a/memory.max":            "max\n",
			"sys/fs/cgroup/a/memory.current":        "1\n",
			"sys/fs/cgroup/unrelated/memory.max":    "1\n",
			"sys/fs/cgroup/a/b/below/memory.max":    "1\n",
			"sys/fs/cgroup/a/b/below/memory.events": "",
		}, 206},
		"one above it": {map[string]string{
			"proc/self/cgroup":               "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max":   "max\n",
			"sys/fs/cgroup/a/memory.max":     "268435456\n",
			"sys/fs/cgroup/a/memory.current": "999999999999\n",
		}, 64},
		"a container": {map[string]string{
			"proc/self/cgroup":             "0::/\n",
			"sys/fs/cgroup/memory.max":     "268435456\n",
			"sys/fs/cgroup/memory.current": "1048576\n",
		}, 127},
		"version 1": {map[string]string{
			"proc/self/cgroup": "5:cpu,memory:/x\n",
			"sys/fs/cgroup/memory/x/memory.limit_in_bytes": "268435456\n",
			"sys/fs/cgroup/memory/x/memory.usage_in_bytes": "0\n",
		}, 128},
	} {
		t.Run(name, func(t *testing.T) {
			root := fstest.MapFS{}
			for path, text := range c.files {
				root[path] = &fstest.MapFile{Data: []byte(text)}
			}
			assert.Equal(t, c.want, memoryLimit(root)/mib)
		})
	}
}
