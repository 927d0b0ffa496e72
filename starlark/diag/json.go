package diag

import (
	"io"

	"github.com/ldcorn/ldcorn/engine/api"
)

// WriteJSON prints the report as one JSON object.
func WriteJSON(w io.Writer, r *Report) error { return WriteCheck(w, r, nil) }

// WriteCheck is WriteJSON for a configuration that may be in Python.
func WriteCheck(w io.Writer, r *Report, python *api.PythonUse) error {
	out := api.Check{
		FormatVersion: api.CheckVersion,
		Errors:        r.Count(Error),
		Warnings:      r.Count(Warning),
		Diagnostics:   []api.Diagnostic{},
		Python:        python,
	}
	for _, d := range r.Diagnostics {
		out.Diagnostics = append(out.Diagnostics, jsonOf(d))
	}
	return api.Write(w, out)
}

func jsonOf(d Diagnostic) api.Diagnostic {
	out := api.Diagnostic{
		Code:     d.Code,
		Severity: api.Severity(d.Severity),
		Message:  d.Message,
		Span:     jsonSpanOf(d.Span),
		Label:    d.Label,
		Hint:     d.Hint,
		Detail:   d.Detail,
		Count:    d.Repeats + 1,
	}
	for _, r := range d.Related {
		out.Related = append(out.Related, api.Place{Text: r.Label, Span: jsonSpanOf(r.Span)})
	}
	for _, f := range d.Trace {
		out.Trace = append(out.Trace, api.Place{Text: f.Function, Span: jsonSpanOf(f.Span)})
	}
	return out
}

func jsonSpanOf(s Span) *api.Span {
	if s.File == "" {
		return nil
	}
	end := s.End
	if s.Line > 0 {
		end = max(end, s.Col+1)
	}
	return &api.Span{File: s.File, Line: s.Line, Column: s.Col, EndColumn: end}
}
