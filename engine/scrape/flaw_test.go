package scrape

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestFlaw: what lacks in a histogram is filled in, and one that contradicts itself is
// left out, as when Prometheus makes a native histogram of it.
func TestFlaw(t *testing.T) {
	for name, c := range map[string]struct{ page, want, why string }{
		"no +Inf":         {"h_bucket{le=\"1\"} 2\nh_sum 5\nh_count 3\n", "1:2 +Inf:3 sum:5 count:3", ""},
		"no count":        {"h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 3\nh_sum 5\n", "1:2 +Inf:3 sum:5 count:3", ""},
		"neither":         {"h_bucket{le=\"1\"} 2\nh_sum 5\n", "1:2 +Inf:2 sum:5 count:2", ""},
		"no buckets":      {"h_sum 5\nh_count 3\n", "+Inf:3 sum:5 count:3", ""},
		"out of order":    {"h_bucket{le=\"+Inf\"} 3\nh_bucket{le=\"1\"} 2\nh_sum 5\nh_count 3\n", "1:2 +Inf:3 sum:5 count:3", ""},
		"a bound twice":   {"h_bucket{le=\"1\"} 2\nh_bucket{le=\"1\"} 1\nh_sum 5\nh_count 3\n", "1:2 +Inf:3 sum:5 count:3", ""},
		"only a sum":      {"h_sum 5\n", "", "a histogram has neither a count nor buckets"},
		"+Inf too low":    {"h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 5\nh_count 1\n", "", "the bucket of a histogram up to +Inf has 1 values, less than the 2 of the one before"},
		"a falling one":   {"h_bucket{le=\"1\"} 2\nh_bucket{le=\"2\"} 1\nh_sum 5\nh_count 3\n", "", "the bucket of a histogram up to 2 has 1 values, less than the 2 of the one before"},
		"count too low":   {"h_bucket{le=\"1\"} 2\nh_sum 5\nh_count 1\n", "", "a histogram has the count 1, but 2 values in its buckets"},
		"count not +Inf":  {"h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 3\nh_sum 5\nh_count 4\n", "", "a histogram has the count 4, but 3 values in its buckets"},
		"a bound of NaN":  {"h_bucket{le=\"NaN\"} 2\nh_sum 5\nh_count 3\n", "+Inf:3 sum:5 count:3", ""},
		"below all, +Inf": {"h_bucket{le=\"-Inf\"} 1\nh_bucket{le=\"+Inf\"} 3\nh_sum 5\nh_count 3\n", "-Inf:1 +Inf:3 sum:5 count:3", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, named("web"))
			r.start("web", 0, "# TYPE h histogram\n"+c.page)
			for _, query := range []string{"", "?sum=true"} {
				assert.Equal(t, c.want, histogramOf(r.get(query)), query)
			}
			if c.why == "" {
				assert.Zero(t, r.Counts()["web"].Refused)
				assert.Empty(t, r.log.String())
				return
			}
			assert.EqualValues(t, 2, r.Counts()["web"].Refused)
			assert.Equal(t, 1, strings.Count(r.log.String(), c.why), r.log.String())
		})
	}
}

// histogramOf returns the values of the only histogram of a page.
func histogramOf(page string) string {
	var out []string
	for line := range strings.Lines(page) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "} ")
		switch kind, _, _ := strings.Cut(name, "{"); kind {
		case "h_bucket":
			_, bound, _ := strings.Cut(name, `le="`)
			out = append(out, strings.TrimSuffix(bound, `"`)+":"+value)
		case "h_sum", "h_count":
			out = append(out, strings.TrimPrefix(kind, "h_")+":"+value)
		}
	}
	return strings.Join(out, " ")
}

// TestFlaw_Counter: a counter that is no number, or below zero, is left out.
func TestFlaw_Counter(t *testing.T) {
	r := newRig(t, named("web"))
	r.start("web", 0, "# TYPE a counter\na{k=\"1\"} -1\na{k=\"2\"} NaN\na{k=\"3\"} +Inf\na{k=\"4\"} 4\n")
	assert.Equal(t, "# TYPE a counter\na{group=\"web\",worker=\"0\",k=\"4\"} 4\n", r.get(""))
	assert.EqualValues(t, 3, r.Counts()["web"].Refused)
	assert.Contains(t, r.log.String(), `metric=a reason="a counter has the value -1"`)
}
