package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ldcorn/ldcorn/engine/api"
)

// Buffers collects what waits in the master.
type Buffers struct{ now func() api.Buffers }

// NewBuffers returns a collector of what now returns.
func NewBuffers(now func() api.Buffers) *Buffers { return &Buffers{now} }

var (
	bufferMemoryDesc  = desc("buffer_memory_bytes", "Bytes of bodies that wait in memory, of requests and of answers.")
	bufferDiskDesc    = desc("buffer_disk_bytes", "Bytes of bodies that wait in files.")
	bufferRoomDesc    = desc("buffer_memory_limit_bytes", "Most bytes of bodies that may wait in memory.")
	bufferSpaceDesc   = desc("buffer_disk_limit_bytes", "Most bytes of bodies that may wait in files; 0 if none may.")
	bufferMostDesc    = desc("buffer_files_limit", "Most files in which bodies may wait; 0 if none may.")
	bufferFaultDesc   = desc("buffer_disk_unusable", "1 if the folder of the files cannot be used, so that bodies wait in memory alone.")
	bufferFilesDesc   = desc("buffer_files", "Files in which bodies wait.")
	bufferHeldDesc    = desc("buffer_held_back", "Requests that wait because their client has its share of the buffers.")
	bufferSpillsDesc  = desc("buffer_spills_total", "Bodies of which a part went to a file.")
	bufferRefusedDesc = desc("buffer_refusals_total", "How often there was no room for more of a body, by reason.", "reason")
)

// Describe implements prometheus.Collector.
func (b *Buffers) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{bufferMemoryDesc, bufferDiskDesc, bufferRoomDesc, bufferSpaceDesc, bufferMostDesc, bufferFaultDesc, bufferFilesDesc, bufferHeldDesc, bufferSpillsDesc, bufferRefusedDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (b *Buffers) Collect(out chan<- prometheus.Metric) {
	now := b.now()
	out <- gauge(bufferMemoryDesc, float64(now.Memory))
	out <- gauge(bufferDiskDesc, float64(now.Disk))
	out <- gauge(bufferFilesDesc, float64(now.Files))
	out <- gauge(bufferRoomDesc, float64(now.MemoryLimit))
	out <- gauge(bufferSpaceDesc, float64(now.DiskLimit))
	out <- gauge(bufferMostDesc, float64(now.FilesLimit))
	out <- gauge(bufferFaultDesc, flag(now.NoDisk != ""))
	out <- gauge(bufferHeldDesc, float64(now.HeldBack))
	out <- counter(bufferSpillsDesc, now.Spills)
	for reason, n := range now.Refused {
		out <- counter(bufferRefusedDesc, n, reason)
	}
}
