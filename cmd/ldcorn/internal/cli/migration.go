package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/regular"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/python"
)

// A migration is one run of the command.
type migration struct {
	*migrateFlags
	from   string // the Python file
	to     string // the result, or the name that it would have in a file
	env    map[string]string
	stderr io.Writer
}

func (f *migrateFlags) run(ctx context.Context, path string, stdout, stderr io.Writer) error {
	env, err := f.variables()
	if err != nil {
		return err
	}
	m := &migration{migrateFlags: f, from: path, to: f.output, env: env, stderr: stderr}
	if m.to == "" {
		m.to = strings.TrimSuffix(path, ".py") + ".star"
	}
	data, err := regular.ReadFile(path, config.MaxFileSize)
	if err != nil {
		return err
	}
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		return fmt.Errorf("%s is not Python: it is not UTF-8 text", shownPath(path))
	}
	source := strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n")
	text, complete, err := m.translate(ctx, source)
	if err != nil {
		return err
	}
	if complete {
		if err := m.check(ctx, text); err != nil {
			return err
		}
	}
	if err := m.write(text, stdout); err != nil {
		return err
	}
	if !complete {
		return &exitError{code: exitFailure}
	}
	return nil
}

// translate returns the text of the result, and whether it has everything that the
// Python file has.
func (m *migration) translate(ctx context.Context, text string) (string, bool, error) {
	if m.exec {
		found, err := m.capture(ctx)
		if err != nil {
			return "", false, err
		}
		text, err := m.captured(found)
		return text, err == nil, err
	}
	done := m.cell.Watch("rewriting", m.from, config.DefaultTimeout)
	file, wrong := python.Parse(m.from, text)
	if wrong != nil {
		done()
		report := &diag.Report{Sources: &diag.Sources{}}
		report.Sources.Add(m.from, text)
		report.Add(*wrong)
		m.show(report)
		return "", false, &exitError{code: exitFailure}
	}
	result := file.Migrate()
	done()
	if result.Complete() {
		m.hintSecrets(result.Reads)
		return result.Text, true, nil
	}
	m.refused(file, result)
	if m.partial {
		return file.Partial(result), false, nil
	}
	remark(m.stderr, "hint: nothing is written; `ldcorn migrate --exec %s -o %s` runs the Python once and writes its result,\n"+
		"      --partial writes as much as can be rewritten", m.from, m.to)
	return "", false, &exitError{code: exitFailure}
}

// evaluate returns the plan of a result, or prints its errors.
func (m *migration) evaluate(ctx context.Context, text string, allowMissing bool) (*plan.Plan, error) {
	found, err := config.EvaluateText(ctx, m.to, text, config.Options{Env: m.env, AllowMissingEnv: allowMissing, Salt: []byte{}, Watch: m.cell.Watch})
	if err != nil {
		return nil, err
	}
	if found.Plan == nil {
		m.show(found.Report)
		return nil, &exitError{exitFailure, errors.New("the result has errors; nothing is written")}
	}
	return found.Plan, nil
}

// write writes the result.
func (m *migration) write(text string, stdout io.Writer) error {
	if m.output == "" {
		_, err := io.WriteString(terminal.Contents(stdout), text)
		return err
	}
	mode := os.FileMode(0o644)
	if m.exec {
		mode = 0o600 // it can contain secrets of the environment
	}
	if err := regular.WriteFile(m.output, []byte(text), mode); err != nil {
		return err
	}
	remark(m.stderr, "wrote %s", m.output)
	if m.from == configNames[1] && filepath.Clean(m.output) == configNames[0] {
		remark(m.stderr, "hint: this folder has both files now; remove %s, or name one with -c FILE", m.from)
	}
	return nil
}

// secretName matches the names of variables that most likely hold secrets.
var secretName = regexp.MustCompile(`(?i)(passw|secret|token|private|credential|api_?key|_key$|_dsn$)`)

// hintSecrets names the variables that look like secrets. Only people know whether
// the configuration needs their values.
func (m *migration) hintSecrets(variables []string) {
	for _, name := range variables {
		if secretName.MatchString(name) {
			remark(m.stderr, "hint: if %s is a secret, write secret(%q): plans and logs never show its value", name, name)
		}
	}
}

func (m *migration) show(report *diag.Report) {
	report.Sort(m.from)
	_ = diag.WriteText(m.stderr, report, textOptions(m.color)) // there is nowhere left to report an error
}

// refused shows the code that cannot be rewritten.
func (m *migration) refused(file *python.File, result *python.Migration) {
	report := &diag.Report{Sources: &diag.Sources{}}
	report.Sources.Add(m.from, file.Text)
	for _, x := range result.Findings {
		if !x.Migrates {
			report.Add(diag.Diagnostic{Code: diag.CodePython, Severity: diag.Error, Span: file.Span(x), Message: x.Message, Label: x.Label})
		}
	}
	m.show(report)
}
