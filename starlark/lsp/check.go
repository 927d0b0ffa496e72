package lsp

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.lsp.dev/protocol"

	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/confine"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// An entry is a file that is checked: a configuration, or a file that belongs to none.
type entry struct {
	path   string
	alone  bool      // it belongs to no configuration and is only read
	due    time.Time // of the next check; zero if none is needed
	answer *answer   // of the latest check; nil before it
	files  map[string]bool
}

// current reports whether the answer is about the texts as they are.
func (e *entry) current() bool { return e.answer != nil && e.due.IsZero() }

// running is the check that runs.
type running struct {
	entry  *entry
	cancel context.CancelFunc
}

// A result is the result of a check.
type result struct {
	of     *running
	answer *answer
	err    error
}

// The names of configurations.
const (
	starConfig   = "ldconfig.star"
	pythonConfig = "ldconfig.py"
	configName   = "config"
)

// touch plans the checks that a change of a document needs.
func (s *server) touch(d *document) {
	if d.path == "" {
		return
	}
	path, alone := s.owner(d)
	switch e := s.entries[path]; {
	case e != nil:
		e.alone = alone
	case s.at(d.path) != nil && !alone: // a file without any configuration may not be ours
		s.entries[path] = &entry{path: path}
	}
	for _, e := range s.entries {
		if e.path == path || e.path == d.path || e.files[d.path] {
			s.plan(e)
		}
	}
}

// touchAll plans a check of everything, because some file may have changed.
func (s *server) touchAll() {
	for _, e := range s.entries {
		s.plan(e)
	}
}

// plan plans the next check of an entry, and gives up the one that runs.
func (s *server) plan(e *entry) {
	e.due = time.Now().Add(s.opts.Delay)
	if s.running != nil && s.running.entry == e {
		s.running.cancel()
	}
}

// owner returns the configuration that a document is or may belong to. If there is none,
// the document is alone.
func (s *server) owner(d *document) (path string, alone bool) {
	name := filepath.Base(d.path)
	if name == starConfig || name == pythonConfig {
		return d.path, false
	}
	if _, has := d.syntax().globals[configName]; has {
		return d.path, false
	}
	for _, e := range s.entries {
		if !e.alone && e.files[d.path] {
			return e.path, false
		}
	}
	for dir := filepath.Dir(d.path); ; dir = filepath.Dir(dir) {
		above := filepath.Join(dir, starConfig)
		if _, err := os.Stat(above); err == nil || s.at(above) != nil {
			return above, false
		}
		if dir == filepath.Dir(dir) {
			return d.path, true
		}
	}
}

// next returns the time until the next check is due.
func (s *server) next() time.Duration {
	out := time.Hour
	if s.running != nil {
		return out
	}
	for _, e := range s.entries {
		if !e.due.IsZero() {
			out = min(out, max(0, time.Until(e.due)))
		}
	}
	return out
}

// start starts the check that is due, unless one runs.
func (s *server) start() {
	var first *entry
	for _, e := range s.entries {
		if !e.due.IsZero() && (first == nil || e.due.Before(first.due)) {
			first = e
		}
	}
	if first == nil || s.running != nil || time.Now().Before(first.due) {
		return
	}
	first.due = time.Time{}
	ctx, cancel := context.WithCancel(s.ctx)
	r := &running{first, cancel}
	s.running = r
	j := job{Kind: checkJob, Path: first.path, Texts: s.texts()}
	if first.alone {
		j.Kind = readJob
	}
	s.jobs.Go(func() {
		a, err := s.runner.run(ctx, j)
		select {
		case s.results <- result{r, a, err}:
		case <-s.ctx.Done():
		}
	})
}

// finish takes the result of a check.
func (s *server) finish(r result) error {
	e := r.of.entry
	r.of.cancel()
	s.running = nil
	var ended *confine.Ended
	switch {
	case s.entries[e.path] != e || !e.due.IsZero():
		return nil // it is about texts that have changed
	case errors.As(r.err, &ended):
		r.answer = s.endedAnswer(e, ended)
	case r.err != nil:
		s.opts.Log.Error("a check has failed", "file", e.path, "reason", r.err)
		r.answer = wrong(e.path, r.err.Error())
	case r.answer.Error != "":
		r.answer.Diagnostics = wrong(e.path, r.answer.Error).Diagnostics
	}
	e.answer, e.files = r.answer, map[string]bool{e.path: true}
	for _, path := range r.answer.Files {
		e.files[path] = true
	}
	if !e.alone {
		s.findAlone(e)
	}
	return s.prune()
}

// wrong returns an answer with one error about a whole file.
func wrong(path, message string) *answer {
	return &answer{Files: []string{path}, Diagnostics: []finding{{
		Diagnostic: diag.Diagnostic{Severity: diag.Error, Message: message}, Place: place{Path: path},
	}}}
}

// endedAnswer returns the answer of a check whose process has exceeded a limit. The
// files of the check before it still belong to the entry.
func (s *server) endedAnswer(e *entry, ended *confine.Ended) *answer {
	out := &answer{Files: slices.Collect(maps.Keys(e.files))}
	for _, d := range ended.Report().Diagnostics {
		out.Diagnostics = append(out.Diagnostics, finding{Diagnostic: d, Place: place{Path: e.path}})
	}
	return out
}

// findAlone plans checks of the documents that may have belonged to a configuration,
// but do not, and ends those of documents that do.
func (s *server) findAlone(e *entry) {
	for _, d := range s.documents {
		other := s.entries[d.path]
		switch path, _ := s.owner(d); {
		case path != e.path || d.path == e.path:
		case e.files[d.path]:
			if other != nil && other.alone {
				delete(s.entries, d.path)
			}
		case other == nil:
			other = &entry{path: d.path, alone: true}
			s.entries[d.path] = other
			s.plan(other)
		}
	}
}

// prune forgets the entries of which no file is open, and shows what is left.
func (s *server) prune() error {
	for path, e := range s.entries {
		open := false
		for _, d := range s.documents {
			owner, _ := s.owner(d)
			open = open || d.path == path || e.files[d.path] || owner == path
		}
		if !open {
			delete(s.entries, path)
		}
	}
	return s.show()
}

// show sends the editor the diagnostics that it does not have.
func (s *server) show() error {
	found := make(map[string][]protocol.Diagnostic)
	for _, path := range slices.Sorted(maps.Keys(s.entries)) {
		e := s.entries[path]
		if e.answer == nil {
			continue
		}
		for i := range e.answer.Diagnostics {
			f := &e.answer.Diagnostics[i]
			found[f.Place.Path] = append(found[f.Place.Path], s.diagnostic(f))
		}
		for file := range e.files {
			if _, has := found[file]; !has && s.at(file) != nil {
				found[file] = nil // the editor learns that there is nothing
			}
		}
	}
	for path := range s.shown {
		if _, has := found[path]; !has {
			found[path] = nil
		}
	}
	for _, path := range slices.Sorted(maps.Keys(found)) {
		list, had := s.shown[path]
		if had && reflect.DeepEqual(list, found[path]) {
			continue
		}
		params := &protocol.PublishDiagnosticsParams{URI: s.uriOf(path), Diagnostics: found[path]}
		if params.Diagnostics == nil {
			params.Diagnostics = []protocol.Diagnostic{}
		}
		d := s.at(path)
		if d != nil {
			params.Version = protocol.NewOptional(d.version)
		}
		if s.shown[path] = found[path]; d == nil && len(found[path]) == 0 {
			delete(s.shown, path)
		}
		if err := s.notify(protocol.MethodTextDocumentPublishDiagnostics, params); err != nil {
			return err
		}
	}
	return nil
}

// diagnostic returns a finding for the editor.
func (s *server) diagnostic(f *finding) protocol.Diagnostic {
	lines := append([]string{f.Message}, f.Detail...)
	if f.Label != "" {
		lines = append(lines, f.Label)
	}
	if f.Hint != "" {
		lines = append(lines, "hint: "+f.Hint)
	}
	out := protocol.Diagnostic{
		Range: f.Place.Range, Severity: severity(f.Severity), Source: protocol.NewOptional("ldcorn"),
		Message: protocol.String(strings.Join(lines, "\n")),
	}
	if f.Code != "" {
		out.Code = protocol.String(f.Code)
	}
	if f.Code == config.CodeUnusedName { // editors show it in gray
		out.Tags = protocol.NewDiagnosticTags(protocol.DiagnosticTagUnnecessary)
	}
	for _, r := range f.Related {
		out.RelatedInformation = append(out.RelatedInformation, protocol.DiagnosticRelatedInformation{
			Location: protocol.Location{URI: s.uriOf(r.Place.Path), Range: r.Place.Range}, Message: r.Message,
		})
	}
	return out
}

func severity(s diag.Severity) protocol.DiagnosticSeverity {
	switch s {
	case diag.Error:
		return protocol.DiagnosticSeverityError
	case diag.Warning:
		return protocol.DiagnosticSeverityWarning
	}
	return protocol.DiagnosticSeverityInformation
}
