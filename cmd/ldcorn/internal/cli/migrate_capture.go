package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/interpret"
	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/visible"
	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/format"
	"github.com/ldcorn/ldcorn/starlark/python/capture"
)

// capture runs the Python file and returns the configuration that it makes.
func (m *migration) capture(ctx context.Context) (*capture.Result, error) {
	answerer, err := config.NewAnswerer(m.from, m.from, config.Options{Env: m.env})
	if err != nil {
		return nil, err
	}
	file := capture.File{Path: m.from, Name: m.from, Answer: answerer.Answer}
	found, err := interpret.Options{Python: fromHere(m.python), Timeout: m.timeout, Env: m.env}.Run(ctx, file, m.cell)
	fault := new(capture.Error)
	if !errors.As(err, &fault) {
		if found != nil {
			_, _ = io.WriteString(m.stderr, visible.Reset(found.Output)) // there is nowhere left to report an error
		}
		return found, err
	}
	switch fault.Kind {
	case capture.TooLong:
		fault.Message += "; `--timeout DURATION` allows more"
	case capture.Unwritable:
		fault.Message = fmt.Sprintf("the result of %s cannot be written as Starlark: %s", m.from, fault.Message)
	case capture.Raised:
		fault.Message = m.from + " fails in Python"
	case capture.Syntax, capture.NoConfig:
		fault.Message = fmt.Sprintf("%s fails in Python: %s", m.from, fault.Message)
	}
	return nil, fault
}

// captured returns a captured configuration as Starlark, and says what is part of it
// or can have affected it, and what it lacks.
func (m *migration) captured(found *capture.Result) (string, error) {
	text, err := found.Starlark(config.ArgumentNames)
	if err != nil {
		return "", err
	}
	out := &remarks{to: m.stderr}
	fmt.Fprintf(&out.comment, "# The configuration that %s made when Python ran it, as literals (`ldcorn migrate --exec`).\n", filepath.Base(m.from))
	m.sources(out, found)
	var set []string
	for _, v := range found.Set {
		set = append(set, v.Name)
	}
	out.say("hint", set, "The Python set these variables, so they are in env= of each group", "the Python set these variables, which became env= of each group")
	out.say("warning", found.Removed, "The Python removed these variables, but workers still have them", "the Python removed these variables, but workers still have them")
	out.say("warning", found.Refused, "The Python set these variables, which workers cannot have", "the Python set these variables, which workers cannot have: ldcorn or Uvicorn sets them")
	out.say("warning", callsOf(found, "arg"), "These arguments have become their defaults", "the result has the defaults of these arguments as literals")
	out.say("hint", found.Path, "The Python added these folders to sys.path, which was for itself; workers have cwd=", "the Python added these folders to sys.path, which was for itself; workers have cwd=")
	var lost, process []string
	for _, l := range found.Lost {
		if l.Word == capture.OwnProcess {
			process = append(process, l.Name)
		} else {
			lost = append(lost, l.Word+"."+l.Name)
		}
	}
	const own = "he Python changed its own process with these functions, but workers start from that of ldcorn"
	out.say("warning", process, "T"+own, "t"+own)
	out.say("warning", lost, "The Python set these attributes, which have no meaning", "the Python set these attributes, which have no meaning and are not part of the result")
	text = out.comment.String() + "\n" + text
	if formatted, err := format.Format(m.to, []byte(text)); err == nil { // else it is as good
		text = string(formatted)
	}
	return text, nil
}

// sources says what of the environment and of files is part of the result or can have
// affected it. What can be a secret comes first.
func (m *migration) sources(out *remarks, found *capture.Result) {
	var taken []string
	for _, t := range found.Taken {
		of := ""
		if t.Group != "" {
			of = " of " + t.Group
		}
		taken = append(taken, fmt.Sprintf("%s%s (%s)", t.Name, of, m.shownFile(t.File)))
	}
	out.say("warning", taken, "The values of these variables of workers are from files, and part of this one",
		"values from files became part of the result, as variables of workers; look for secrets in them")
	out.say("warning", callsOf(found, "secret", "secret_file", "env_file"), "The values of these secrets are part of this file", "secrets became part of the result")
	out.say("warning", found.Written, "The values of these variables are part of this file", "values of the environment became part of the result; look for secrets in it")
	var files []string
	for _, f := range found.Files {
		if f.Digest != "" {
			files = append(files, m.shownFile(f.Name))
		}
	}
	out.say("hint", files, "The Python read these files, which no longer affect it", "the Python read these files, which no longer affect the result")
	out.say("hint", found.Used, "The Python read these variables, which no longer affect it", "the Python read these variables, which no longer affect the result")
	out.say("hint", found.Unset, "These variables were not set, which can have affected it", "these variables were not set, which can have affected the result (--env NAME=VALUE sets one)")
	if found.Every {
		out.note("The Python has gone through all variables, each of which can have affected it",
			"the Python has gone through all variables, each of which can have affected the result")
	}
	if found.CPUs {
		out.say("warning", []string{fmt.Sprintf("%d here", builtin.CPUs())}, "The number of CPUs can have affected it; cpu_count() is that of the machine",
			"the number of CPUs can have affected the result, which has it as a literal; cpu_count() is that of the machine")
	}
}

// callsOf returns the calls of words that the file has made, without the defaults of
// secrets, which can be secrets.
func callsOf(found *capture.Result, words ...string) (out []string) {
	for _, c := range found.Calls {
		text := c.Text
		if name, err := strconv.QuotedPrefix(strings.TrimPrefix(text, c.Word+"(")); err == nil && c.Word != "arg" {
			text = c.Word + "(" + name + ")"
		} else if c.Word != "arg" {
			text = c.Word
		}
		if slices.Contains(words, c.Word) {
			out = append(out, text)
		}
	}
	return out
}

// shownFile returns the name of a file, which is short for one beside the configuration or
// below.
func (m *migration) shownFile(path string) string {
	folder, err := filepath.Abs(filepath.Dir(m.from))
	if err != nil {
		return path
	}
	if short, err := filepath.Rel(folder, path); err == nil && filepath.IsLocal(short) {
		return short
	}
	return path
}

// remarks are what migrate says about a captured configuration: in short to its user, and
// in full in a comment of the result.
type remarks struct {
	to      io.Writer
	comment strings.Builder
}

const (
	shownNames   = 8  // of a list, to the user
	commentWidth = 88 // columns
)

// note says something.
func (r *remarks) note(comment, message string) {
	fmt.Fprintf(&r.comment, "# %s.\n", comment)
	remark(r.to, "warning: %s", message)
}

// say says something about a list, unless that is empty.
func (r *remarks) say(severity string, names []string, comment, message string) {
	if len(names) == 0 {
		return
	}
	fmt.Fprintf(&r.comment, "# %s:\n", comment)
	list := strings.ReplaceAll(terminal.Wrap(visible.String(strings.Join(names, ", ")), commentWidth), "\n", "\n#   ")
	fmt.Fprintf(&r.comment, "#   %s\n", list)
	short := strings.Join(names, ", ")
	if left := len(names) - shownNames; left > 1 {
		short = fmt.Sprintf("%s and %d more, which the result lists", strings.Join(names[:shownNames], ", "), left)
	}
	remark(r.to, "%s: %s: %s", severity, message, short)
}
