package api

import "fmt"

// A PythonUse says how a configuration in Python was read.
type PythonUse struct {
	How         PythonHow `json:"how"`
	At          string    `json:"at,omitempty"`          // file:line:column of the first part that is beyond the language
	Reason      string    `json:"reason,omitempty"`      // what that part is
	Interpreter string    `json:"interpreter,omitempty"` // that ran the file
}

// A PythonHow is a way to read a configuration in Python.
type PythonHow string

// The ways, in the order in which they are tried.
const (
	PythonLanguage  PythonHow = "language"  // the file is used as it is
	PythonRewritten PythonHow = "rewritten" // ldcorn has rewritten it in memory, as migrate does
	PythonRun       PythonHow = "run"       // Python has run it
)

// Sentence says what has become of the file with this name.
func (u *PythonUse) Sentence(name string) string {
	switch u.How {
	case PythonRewritten:
		return fmt.Sprintf("%s is rewritten in memory, because of %s: %s (`ldcorn migrate` shows the result)", name, u.At, u.Reason)
	case PythonRun:
		return fmt.Sprintf("%s is run by Python (%s), because of %s: %s (a function for router= needs Starlark)", name, u.Interpreter, u.At, u.Reason)
	}
	return name + " is used as it is: all of it is in the language"
}
