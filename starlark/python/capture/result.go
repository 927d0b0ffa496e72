package capture

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// A Result is the result of a configuration. It can be sent to another process
// with encoding/gob.
type Result struct {
	Interpreter string
	Output      string // the last of what the file has printed

	// The environment variables that it has read: those whose values are texts in the
	// result, those that can have affected it in another way, and those that were not
	// set.
	Written, Used, Unset []string
	Every                bool // it has gone through all variables
	CPUs                 bool // it has asked for the number of CPUs

	Read    []Input    // the variables, in order
	Files   []Input    // the files outside the installation of Python
	Set     []Variable // variables that it has set, for the workers
	Refused []string   // variables that it has set and that workers cannot have
	Removed []string   // variables that it has removed from the environment
	Path    []string   // what it has added to sys.path
	Lost    []Lost     // what it has set that has no effect
	Taken   []Taken    // variables of workers whose values are in files that it has read
	Calls   []Call     // of words that ldcorn has answered, in order, each once
	Secrets []Variable // what they have revealed to it; for those who run it to fill

	Config []byte // as the script writes it
}

// An Input is a variable or a file.
type Input struct {
	Name   string
	Digest string // SHA-256 in hexadecimal; "" if there was nothing
}

// A Variable is a variable of the environment.
type Variable struct{ Name, Value string }

// A Taken is a variable that workers get and whose value comes from a file.
type Taken struct {
	Group string // "" means that the file has set the variable in its own environment
	Name  string
	File  string
}

// OwnProcess is the Word of a function with which a file has changed its own process.
const OwnProcess = "process"

// A Lost is an attribute of an object that is not an argument of its word.
type Lost struct {
	Word, Name string
	Place      Place // of the call that made the object
}

// A Place is a position in the file. A zero Line or Col is unknown.
type Place struct {
	Line int // from 1
	Col  int // from 1, in bytes
}

func placeOf(at []int) Place {
	if len(at) != 2 {
		return Place{}
	}
	return Place{Line: at[0], Col: at[1] + 1}
}

func newResult(interpreter, output string, data []byte) (*Result, error) {
	var found struct {
		Config  json.RawMessage      `json:"config"`
		Written []string             `json:"written"`
		Used    []string             `json:"used"`
		Unset   []string             `json:"unset"`
		Every   bool                 `json:"every"`
		CPUs    bool                 `json:"cpus"`
		Read    [][2]string          `json:"read"`
		Files   [][2]string          `json:"files"`
		Set     [][2]string          `json:"set"`
		Removed []string             `json:"removed"`
		Path    []string             `json:"path"`
		Lost    [][3]json.RawMessage `json:"lost"`
		Taken   [][3]string          `json:"taken"`
	}
	if err := json.Unmarshal(data, &found); err != nil {
		return nil, err
	}
	r := &Result{
		Interpreter: interpreter, Output: output, Written: found.Written, Used: found.Used, Unset: found.Unset,
		Every: found.Every, CPUs: found.CPUs, Read: inputsOf(found.Read), Files: inputsOf(found.Files),
		Removed: found.Removed, Path: found.Path, Config: found.Config,
	}
	for _, v := range found.Set {
		if isRefused(v[0]) {
			r.Refused = append(r.Refused, v[0])
		} else {
			r.Set = append(r.Set, Variable{v[0], v[1]})
		}
	}
	for _, l := range found.Lost {
		var lost Lost
		var at []int
		for i, to := range []any{&lost.Word, &lost.Name, &at} {
			if err := json.Unmarshal(l[i], to); err != nil {
				return nil, err
			}
		}
		lost.Place = placeOf(at)
		r.Lost = append(r.Lost, lost)
	}
	for _, t := range found.Taken {
		r.Taken = append(r.Taken, Taken{Group: t[0], Name: t[1], File: t[2]})
	}
	return r, nil
}

func inputsOf(pairs [][2]string) []Input {
	var out []Input
	for _, p := range pairs {
		out = append(out, Input{p[0], p[1]})
	}
	return out
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// isRefused reports whether workers cannot have a variable.
func isRefused(name string) bool {
	_, refused := plan.RefuseVariable(name)
	return refused || strings.HasPrefix(name, "LDCORN_") || !variableName.MatchString(name)
}
