package api

// TestsVersion is the version of Tests.
const TestsVersion = 1

// Tests says how the tests of a configuration went.
type Tests struct {
	FormatVersion int      `json:"format_version"`
	Passed        int      `json:"passed"` // how many tests
	Failed        int      `json:"failed"` // how many tests
	Tests         []Test   `json:"tests"`  // the tests that ran, in order
	Coverage      Coverage `json:"coverage"`
}

// A Test is one test that ran.
type Test struct {
	Name     string        `json:"name"` // of the function
	File     string        `json:"file"`
	Line     int           `json:"line" jsonschema:"minimum=1"`
	Passed   bool          `json:"passed"`
	Seconds  float64       `json:"seconds"`
	Failures []TestFailure `json:"failures"`
}

// A TestFailure is an expectation of a test that was not met.
type TestFailure struct {
	Code    string   `json:"code"` // ldcorn schema CODE says what it means
	Message string   `json:"message"`
	Label   string   `json:"label,omitempty"` // about the place
	Detail  []string `json:"detail,omitempty"`
	File    string   `json:"file,omitempty"`
	Line    int      `json:"line,omitempty"`
	Column  int      `json:"column,omitempty"` // in characters
}

// A Coverage says which routes took a request of a test.
type Coverage struct {
	Routes  int           `json:"routes"` // how many the configuration has
	Hit     int           `json:"hit"`    // how many took a request of a test
	Percent float64       `json:"percent" jsonschema:"maximum=100"`
	Missed  []MissedRoute `json:"missed"`
}

// A MissedRoute is a route that took no request of a test.
type MissedRoute struct {
	Group string `json:"group"`
	Route string `json:"route"`
	File  string `json:"file"`
	Line  int    `json:"line"`
}
