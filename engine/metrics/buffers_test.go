package metrics

import (
	"testing"

	"github.com/ldcorn/ldcorn/engine/api"
)

func someBuffers() api.Buffers {
	return api.Buffers{Memory: 3 << 14, MemoryLimit: 1 << 16, Disk: 1 << 20, DiskLimit: 1 << 21, Files: 2, FilesLimit: 9, NoDisk: "no space left on device", HeldBack: 3, Spills: 7, Refused: map[string]uint64{"memory": 0, "disk": 5, "files": 1, "stalled_disk": 2, "failed_disk": 3}}
}

func TestBuffers(t *testing.T) {
	compare(t, NewBuffers(someBuffers), `
# HELP ldcorn_buffer_memory_bytes Bytes of bodies that wait in memory, of requests and of answers.
# TYPE ldcorn_buffer_memory_bytes gauge
ldcorn_buffer_memory_bytes 49152
# HELP ldcorn_buffer_disk_bytes Bytes of bodies that wait in files.
# TYPE ldcorn_buffer_disk_bytes gauge
ldcorn_buffer_disk_bytes 1.048576e+06
# HELP ldcorn_buffer_memory_limit_bytes Most bytes of bodies that may wait in memory.
# TYPE ldcorn_buffer_memory_limit_bytes gauge
ldcorn_buffer_memory_limit_bytes 65536
# HELP ldcorn_buffer_disk_limit_bytes Most bytes of bodies that may wait in files; 0 if none may.
# TYPE ldcorn_buffer_disk_limit_bytes gauge
ldcorn_buffer_disk_limit_bytes 2.097152e+06
# HELP ldcorn_buffer_files_limit Most files in which bodies may wait; 0 if none may.
# TYPE ldcorn_buffer_files_limit gauge
ldcorn_buffer_files_limit 9
# HELP ldcorn_buffer_disk_unusable 1 if the folder of the files cannot be used, so that bodies wait in memory alone.
# TYPE ldcorn_buffer_disk_unusable gauge
ldcorn_buffer_disk_unusable 1
# HELP ldcorn_buffer_files Files in which bodies wait.
# TYPE ldcorn_buffer_files gauge
ldcorn_buffer_files 2
# HELP ldcorn_buffer_held_back Requests that wait because their client has its share of the buffers.
# TYPE ldcorn_buffer_held_back gauge
ldcorn_buffer_held_back 3
# HELP ldcorn_buffer_spills_total Bodies of which a part went to a file.
# TYPE ldcorn_buffer_spills_total counter
ldcorn_buffer_spills_total 7
# HELP ldcorn_buffer_refusals_total How often there was no room for more of a body, by reason.
# TYPE ldcorn_buffer_refusals_total counter
ldcorn_buffer_refusals_total{reason="disk"} 5
ldcorn_buffer_refusals_total{reason="failed_disk"} 3
ldcorn_buffer_refusals_total{reason="files"} 1
ldcorn_buffer_refusals_total{reason="memory"} 0
ldcorn_buffer_refusals_total{reason="stalled_disk"} 2
`)
}
