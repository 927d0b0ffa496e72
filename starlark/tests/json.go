package tests

import (
	"encoding/json"
	"io"

	"github.com/ldcorn/ldcorn/starlark/diag"
)

// FormatVersion is that of WriteJSON. Within one, fields may be added, and
// keep their meaning.
const FormatVersion = 1

type jsonReport struct {
	FormatVersion int          `json:"format_version"`
	Passed        int          `json:"passed"`
	Failed        int          `json:"failed"`
	Tests         []jsonTest   `json:"tests"`
	Coverage      jsonCoverage `json:"coverage"`
}

type jsonTest struct {
	Name     string        `json:"name"`
	File     string        `json:"file"`
	Line     int           `json:"line"`
	Passed   bool          `json:"passed"`
	Seconds  float64       `json:"seconds"`
	Failures []jsonFailure `json:"failures"`
}

type jsonFailure struct {
	Code    string   `json:"code"`
	Message string   `json:"message"`
	Label   string   `json:"label,omitempty"`
	Detail  []string `json:"detail,omitempty"`
	File    string   `json:"file,omitempty"`
	Line    int      `json:"line,omitempty"`
	Column  int      `json:"column,omitempty"`
}

type jsonCoverage struct {
	Routes  int          `json:"routes"`
	Hit     int          `json:"hit"`
	Percent float64      `json:"percent"`
	Missed  []jsonMissed `json:"missed"`
}

type jsonMissed struct {
	Group string `json:"group"`
	Route string `json:"route"`
	File  string `json:"file"`
	Line  int    `json:"line"`
}

// WriteJSON prints the report as one JSON object.
func WriteJSON(w io.Writer, r *Report) error {
	out := jsonReport{FormatVersion: FormatVersion, Failed: r.Failed(), Tests: []jsonTest{}}
	out.Passed = len(r.Results) - out.Failed
	for _, res := range r.Results {
		t := jsonTest{Name: res.Test.Name, File: res.Test.Span.File, Line: res.Test.Span.Line,
			Passed: len(res.Failures) == 0, Seconds: res.Took.Seconds(), Failures: []jsonFailure{}}
		for _, d := range res.Failures {
			t.Failures = append(t.Failures, jsonFailure{d.Code, d.Message, d.Label, d.Detail, d.Span.File, d.Span.Line, d.Span.Col})
		}
		out.Tests = append(out.Tests, t)
	}
	out.Coverage = jsonCoverage{Routes: r.Coverage.Routes, Hit: r.Coverage.Hit, Percent: r.Coverage.Percent(), Missed: []jsonMissed{}}
	for _, m := range r.Coverage.Missed {
		out.Coverage.Missed = append(out.Coverage.Missed, jsonMissed{m.Group, m.Route.Text(), m.Pos.File, m.Pos.Line})
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

// AddTo adds every failure to the report of an evaluation, in order.
func (r *Report) AddTo(report *diag.Report) {
	for _, res := range r.Results {
		for _, d := range res.Failures {
			report.Add(d)
		}
	}
}
