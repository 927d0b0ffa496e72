package monitoring

import (
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A selector is a metric in an expression, with the values that it asks of labels.
type selector struct {
	metric string
	labels []string            // that it names
	values map[string][]string // those that are written out, by label
}

var (
	word     = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*`)
	alphas   = regexp.MustCompile(`^[a-z_|]+$|^[1-5]xx$`)
	matcher  = regexp.MustCompile(`(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"`)
	selects  = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{([^{}]*)\})?`)
	grouping = regexp.MustCompile(`\b(by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)`)
	ranges   = regexp.MustCompile(`\[[^\]]*\]|\boffset\s+\w+`)
)

// operators are the words of PromQL that look like metrics.
var operators = []string{"and", "or", "unless", "bool", "offset", "inf", "nan"}

// parse returns the selectors of an expression, and the labels by which it groups and
// matches. promtool has found the expression valid.
func parse(expr string) (all []selector, labels []string) {
	for _, m := range grouping.FindAllStringSubmatch(expr, -1) {
		labels = append(labels, word.FindAllString(m[2], -1)...)
	}
	rest := ranges.ReplaceAllString(grouping.ReplaceAllString(expr, " "), " ")
	for _, at := range selects.FindAllStringSubmatchIndex(rest, -1) {
		name := rest[at[2]:at[3]]
		if isCall(rest[at[1]:]) || slices.Contains(operators, name) || at[2] > 0 && regexp.MustCompile(`[0-9."]`).MatchString(rest[at[2]-1:at[2]]) {
			continue
		}
		s := selector{metric: name, values: make(map[string][]string)}
		if at[4] >= 0 {
			for _, m := range matcher.FindAllStringSubmatch(rest[at[4]:at[5]], -1) {
				s.labels = append(s.labels, m[1])
				if alphas.MatchString(m[3]) {
					s.values[m[1]] = regexp.MustCompile(`[^|]+`).FindAllString(m[3], -1)
				}
			}
		}
		all = append(all, s)
	}
	return all, labels
}

// isCall reports whether what follows a word makes it a function or an aggregation.
func isCall(rest string) bool { return regexp.MustCompile(`^\s*\(`).MatchString(rest) }

// TestParse: the tests find what they look for.
func TestParse(t *testing.T) {
	got, labels := parse(`sum by (instance, group) (rate(a_total{code="5xx", group=~"x|y", instance=~".*"}[5m] offset 20m)) / on (job) 2.5e3
		> 1e6 and topk(3, max_over_time(b[1h:1m])) unless -c_bucket{le="0.5"}`)
	assert.Equal(t, []selector{
		{metric: "a_total", labels: []string{"code", "group", "instance"}, values: map[string][]string{"code": {"5xx"}, "group": {"x", "y"}}},
		{metric: "b", values: map[string][]string{}},
		{metric: "c_bucket", labels: []string{"le"}, values: map[string][]string{}},
	}, got)
	assert.Equal(t, []string{"instance", "group", "job"}, labels)
}
