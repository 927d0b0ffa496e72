package tests

import (
	"io"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// WriteJSON prints the report as one JSON object.
func WriteJSON(w io.Writer, r *Report) error {
	out := api.Tests{FormatVersion: api.TestsVersion, Failed: r.Failed(), Tests: []api.Test{}}
	out.Passed = len(r.Results) - out.Failed
	for _, res := range r.Results {
		t := api.Test{Name: res.Test.Name, File: res.Test.Span.File, Line: res.Test.Span.Line,
			Passed: len(res.Failures) == 0, Seconds: res.Took.Seconds(), Failures: []api.TestFailure{}}
		for _, d := range res.Failures {
			t.Failures = append(t.Failures, api.TestFailure{Code: d.Code, Message: d.Message, Label: d.Label, Detail: d.Detail,
				File: d.Span.File, Line: d.Span.Line, Column: d.Span.Col})
		}
		out.Tests = append(out.Tests, t)
	}
	out.Coverage = api.Coverage{Routes: r.Coverage.Routes, Hit: r.Coverage.Hit, Percent: r.Coverage.Percent(), Missed: []api.MissedRoute{}}
	for _, m := range r.Coverage.Missed {
		out.Coverage.Missed = append(out.Coverage.Missed, api.MissedRoute{Group: m.Group, Route: m.Route.Text(), File: m.Pos.File, Line: m.Pos.Line})
	}
	return api.Write(w, out)
}

// AddTo adds every failure to the report of an evaluation, in order.
func (r *Report) AddTo(report *diag.Report) {
	for _, res := range r.Results {
		for _, d := range res.Failures {
			report.Add(d)
		}
	}
}
