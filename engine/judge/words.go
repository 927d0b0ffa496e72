package judge

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

// nan stands for a value that is not known.
var nan = float32(math.NaN())

// ago formats a duration for people.
func ago(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm%ds", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
}

// seconds converts a number of seconds.
func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// count formats a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// latency formats a time of requests.
func latency(s float32) string {
	switch {
	case s != s:
		return "unknown"
	case s < 1:
		return fmt.Sprintf("%.0f ms", s*1000)
	}
	return fmt.Sprintf("%.1f s", s)
}

// percent formats a part of all.
func percent(part, all float32) string {
	if all == 0 {
		return "none"
	}
	return fmt.Sprintf("%.0f%%", 100*part/all)
}

// size formats a number of bytes.
func size(bytes float32) string {
	if mib := bytes / (1 << 20); mib < 1024 {
		return fmt.Sprintf("%.0f MiB", mib)
	}
	return fmt.Sprintf("%.1f GiB", bytes/(1<<30))
}

// Lines say what is wrong, as the commands show it: what it is about, what it is, since
// when and why; then, each in a line with a label, with which requests, with which last
// words, after what change, and what to do.
func Lines(in *api.Incident, now time.Time) []string {
	out := []string{fmt.Sprintf("%s: %s for %s: %s", in.Subject(), in.Title, ago(now.Sub(in.Since)), in.Cause)}
	for _, more := range [][2]string{{"requests", in.Requests}, {"last words", in.Words}, {"before", in.Change}, {"do", in.Advice}} {
		if more[1] != "" {
			out = append(out, more[0]+": "+strings.ReplaceAll(more[1], "\n", " "))
		}
	}
	return out
}
