package tests

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/diag"
)

// These are the elements of the JUnit format that CI systems read.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"` // the file
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name      string         `xml:"name,attr"`
		Classname string         `xml:"classname,attr"`
		File      string         `xml:"file,attr"`
		Line      int            `xml:"line,attr"`
		Time      string         `xml:"time,attr"` // seconds
		Failures  []junitFailure `xml:"failure"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit prints the report in the JUnit format, with a suite for each file.
func WriteJUnit(w io.Writer, r *Report, sources *diag.Sources) error {
	out := junitSuites{Name: "ldcorn test", Tests: len(r.Results), Failures: r.Failed()}
	for _, res := range r.Results {
		file := res.Test.Span.File
		if n := len(out.Suites); n == 0 || out.Suites[n-1].Name != file {
			out.Suites = append(out.Suites, junitSuite{Name: file})
		}
		suite := &out.Suites[len(out.Suites)-1]
		c := junitCase{Name: res.Test.Name, Classname: strings.TrimSuffix(file, ".star"), File: file,
			Line: res.Test.Span.Line, Time: fmt.Sprintf("%.6f", res.Took.Seconds())}
		for _, d := range res.Failures {
			var text strings.Builder
			one := &diag.Report{Diagnostics: []diag.Diagnostic{d}, Sources: sources}
			_ = diag.WriteText(&text, one, diag.TextOptions{}) // writing to memory does not fail
			c.Failures = append(c.Failures, junitFailure{d.Message, d.Code, text.String()})
		}
		suite.Cases = append(suite.Cases, c)
		suite.Tests++
		if len(c.Failures) > 0 {
			suite.Failures++
		}
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
