package scrape

import (
	"bytes"
	"context"
	"fmt"
	"mime"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/ldcorn/ldcorn/engine/worker"
)

// The labels of ldcorn. What an app calls so gets the prefix, as Prometheus does.
const (
	groupLabel  = "group"
	workerLabel = "worker"
	exported    = "exported_"
)

// families are metrics by name.
type families map[string]*family

// A family has the series of one name.
type family struct {
	kind   dto.MetricType
	help   *string
	series map[string]*dto.Metric // by their labels
}

// cumulative reports whether the values only grow, so that they can be summed.
func (f *family) cumulative() bool {
	return f.kind == dto.MetricType_COUNTER || f.kind == dto.MetricType_HISTOGRAM || f.kind == dto.MetricType_SUMMARY
}

// A refusal says why a series of a page cannot be used.
type refusal struct{ metric, why string }

// parse reads the page of a worker. If ctx ends first, its cause is the error.
func parse(ctx context.Context, page *worker.MetricsPage) (families, []refusal, error) {
	if media, _, err := mime.ParseMediaType(page.Media); page.Media != "" && (err != nil || media != "text/plain") {
		return nil, nil, malformed("got a page of type %q, want the text format of Prometheus, text/plain", page.Media)
	}
	if err := checkBounds(page.Body); err != nil {
		return nil, nil, malformed("%w", err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	read, err := parser.TextToMetricFamilies(stoppable{ctx, bytes.NewReader(page.Body)})
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, nil, malformed("not in the text format of Prometheus: %w", err)
	}
	out := make(families, len(read))
	var refused []refusal
	for name, from := range read {
		f := &family{kind: from.GetType(), help: from.Help, series: make(map[string]*dto.Metric, len(from.Metric))}
		for _, m := range from.Metric {
			if why := flaw(m); why != "" {
				refused = append(refused, refusal{name, why})
				continue
			}
			m.TimestampMs = nil
			m.Label = own(m.Label)
			if key := keyOf(m.Label); f.series[key] == nil { // otherwise the app has it twice
				f.series[key] = m
			}
		}
		out[name] = f
		if ctx.Err() != nil {
			return nil, nil, context.Cause(ctx)
		}
	}
	return out, refused, nil
}

// malformed returns a malformedError.
func malformed(format string, args ...any) error {
	return &malformedError{fmt.Errorf(format, args...)}
}

// own returns the labels of an app, in order, without the names of ldcorn.
func own(labels []*dto.LabelPair) []*dto.LabelPair {
	for _, name := range []string{groupLabel, workerLabel} {
		at := slices.IndexFunc(labels, func(l *dto.LabelPair) bool { return l.GetName() == name })
		if at < 0 {
			continue
		}
		free := exported + name
		for slices.ContainsFunc(labels, func(l *dto.LabelPair) bool { return l.GetName() == free }) {
			free = exported + free
		}
		labels[at].Name = &free
	}
	slices.SortFunc(labels, func(a, b *dto.LabelPair) int { return strings.Compare(a.GetName(), b.GetName()) })
	return labels
}

// keyOf returns a text that only the same labels have.
func keyOf(labels []*dto.LabelPair) string {
	var key strings.Builder
	for _, l := range labels {
		fmt.Fprintf(&key, "%q=%q,", l.GetName(), l.GetValue())
	}
	return key.String()
}
