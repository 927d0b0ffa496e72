package api

// CheckVersion is the version of a Check.
const CheckVersion = 1

// A Check says what is wrong with a configuration.
type Check struct {
	FormatVersion int          `json:"format_version"`
	Errors        int          `json:"errors"`
	Warnings      int          `json:"warnings"`
	Diagnostics   []Diagnostic `json:"diagnostics"`
	Python        *PythonUse   `json:"python,omitempty"` // of a configuration in Python that could be read
}

// A Diagnostic is an error or a warning.
type Diagnostic struct {
	Code     string   `json:"code"` // ldcorn schema CODE says what it means
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
	Span     *Span    `json:"span,omitempty"`
	Label    string   `json:"label,omitempty"`              // about the place
	Hint     string   `json:"hint,omitempty"`               // what to do
	Detail   []string `json:"detail,omitempty"`             // lines of other programs
	Related  []Place  `json:"related,omitempty"`            // other places that matter
	Trace    []Place  `json:"trace,omitempty"`              // the calls that led there, the outermost first
	Count    int      `json:"count" jsonschema:"minimum=1"` // number of occurrences
}

// A Severity says how bad a diagnostic is.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// A Span is a part of a line of a file.
type Span struct {
	File      string `json:"file"`
	Line      int    `json:"line,omitempty"`
	Column    int    `json:"column,omitempty"`     // in characters
	EndColumn int    `json:"end_column,omitempty"` // after the last character
}

// A Place is a Span and what is there.
type Place struct {
	Text string `json:"text"`
	Span *Span  `json:"span,omitempty"`
}
