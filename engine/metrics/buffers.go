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
	bufferFilesDesc   = desc("buffer_files", "Files in which bodies wait.")
	bufferHeldDesc    = desc("buffer_held_back", "Requests that wait because their client has its share of the buffers.")
	bufferSpillsDesc  = desc("buffer_spills_total", "Bodies of which a part went to a file.")
	bufferRefusedDesc = desc("buffer_refusals_total", "How often there was no room for more of a body, by reason.", "reason")
)

// Describe implements prometheus.Collector.
func (b *Buffers) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{bufferMemoryDesc, bufferDiskDesc, bufferFilesDesc, bufferHeldDesc, bufferSpillsDesc, bufferRefusedDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (b *Buffers) Collect(out chan<- prometheus.Metric) {
	now := b.now()
	out <- gauge(bufferMemoryDesc, float64(now.Memory))
	out <- gauge(bufferDiskDesc, float64(now.Disk))
	out <- gauge(bufferFilesDesc, float64(now.Files))
	out <- gauge(bufferHeldDesc, float64(now.HeldBack))
	out <- counter(bufferSpillsDesc, now.Spills)
	for reason, n := range now.Refused {
		out <- counter(bufferRefusedDesc, n, reason)
	}
}
