//go:build !linux || portable

package supervisor

import (
	"runtime/metrics"
	"time"

	"golang.org/x/sys/unix"
)

// ownUsage returns the memory of this process, in bytes, and its processor time, in
// seconds. The memory is what the Go runtime has mapped and not given back.
func ownUsage() (rss int64, cpu float64) {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	rss = int64(samples[0].Value.Uint64() - samples[1].Value.Uint64())
	var used unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &used) == nil {
		cpu = (time.Duration(used.Utime.Nano()) + time.Duration(used.Stime.Nano())).Seconds()
	}
	return rss, cpu
}
