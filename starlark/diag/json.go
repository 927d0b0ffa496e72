package diag

import (
	"encoding/json"
	"io"
)

// FormatVersion is the version of the output of WriteJSON. It increases when a
// field changes its meaning or is removed; new fields do not change it.
const FormatVersion = 1

type jsonReport struct {
	FormatVersion int              `json:"format_version"`
	Errors        int              `json:"errors"`
	Warnings      int              `json:"warnings"`
	Diagnostics   []jsonDiagnostic `json:"diagnostics"`
}

type jsonDiagnostic struct {
	Code     string    `json:"code"`
	Severity Severity  `json:"severity"`
	Message  string    `json:"message"`
	Span     *jsonSpan `json:"span,omitempty"`
	Label    string    `json:"label,omitempty"`
	Hint     string    `json:"hint,omitempty"`
	Detail   []string  `json:"detail,omitempty"`
	Related  []jsonTie `json:"related,omitempty"`
	Trace    []jsonTie `json:"trace,omitempty"`
	Count    int       `json:"count"`
}

type jsonSpan struct {
	File      string `json:"file"`
	Line      int    `json:"line,omitempty"`
	Column    int    `json:"column,omitempty"`
	EndColumn int    `json:"end_column,omitempty"`
}

type jsonTie struct {
	Text string    `json:"text"`
	Span *jsonSpan `json:"span,omitempty"`
}

// WriteJSON prints the report as one JSON object.
func WriteJSON(w io.Writer, r *Report) error {
	out := jsonReport{
		FormatVersion: FormatVersion,
		Errors:        r.Count(Error),
		Warnings:      r.Count(Warning),
		Diagnostics:   []jsonDiagnostic{},
	}
	for _, d := range r.Diagnostics {
		out.Diagnostics = append(out.Diagnostics, jsonOf(d))
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

func jsonOf(d Diagnostic) jsonDiagnostic {
	out := jsonDiagnostic{
		Code:     d.Code,
		Severity: d.Severity,
		Message:  d.Message,
		Span:     jsonSpanOf(d.Span),
		Label:    d.Label,
		Hint:     d.Hint,
		Detail:   d.Detail,
		Count:    d.Repeats + 1,
	}
	for _, r := range d.Related {
		out.Related = append(out.Related, jsonTie{Text: r.Label, Span: jsonSpanOf(r.Span)})
	}
	for _, f := range d.Trace {
		out.Trace = append(out.Trace, jsonTie{Text: f.Function, Span: jsonSpanOf(f.Span)})
	}
	return out
}

func jsonSpanOf(s Span) *jsonSpan {
	if s.File == "" {
		return nil
	}
	end := s.End
	if s.Line > 0 {
		end = max(end, s.Col+1)
	}
	return &jsonSpan{File: s.File, Line: s.Line, Column: s.Col, EndColumn: end}
}
