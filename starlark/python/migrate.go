package python

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// A Migration is a file rewritten as Starlark.
type Migration struct {
	Text     string    // with parts that could not be rewritten left as they are
	Findings []Finding // sorted; those that do not Migrate are left as they are
	Reads    []string  // names of the environment variables whose text the result uses, sorted
}

// Complete reports whether everything could be rewritten.
func (m *Migration) Complete() bool {
	return !slices.ContainsFunc(m.Findings, func(f Finding) bool { return !f.Migrates })
}

// Migrate rewrites a file as Starlark. It keeps comments and layout.
func (f *File) Migrate() *Migration {
	r := newRewriter(f)
	text := r.write(f.tree)
	if renamed := f.hiding(r.words); len(renamed) > 0 {
		r = newRewriter(f)
		r.renamed = renamed
		text = r.write(f.tree)
	}
	text = tidy(text)
	if len(r.helpers) > 0 {
		at := f.definitionsAt(text)
		text = text[:at] + definitionsOf(r.helpers) + "\n" + text[at:]
	}
	return &Migration{Text: text, Findings: sorted(r.findings), Reads: slices.Sorted(maps.Keys(r.reads))}
}

// hiding returns new names for those in the file that would hide a word that
// the result uses.
func (f *File) hiding(words map[string]bool) map[string]string {
	out := make(map[string]string)
	for name := range f.own {
		if !words[name] {
			continue
		}
		other := name + "_"
		for f.own[other] || words[other] {
			other += "_"
		}
		out[name] = other
	}
	return out
}

// sorted drops duplicates and findings within a construct that is refused as a
// whole at the same place.
func sorted(findings []Finding) []Finding {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(findings, func(a, b Finding) bool {
		return a.Start == b.Start && a.End == b.End && a.Message == b.Message
	})
}

// tidy removes the lines of removed statements, and one of the blank lines
// around each.
func tidy(text string) string {
	var out []string
	blank := true // the start of the file counts as a blank line
	dropped := true
	for line := range strings.Lines(text) {
		if strings.Contains(line, removed) {
			line = dropRemoved(line)
			if line == "" {
				dropped = true
				continue
			}
		}
		isBlank := strings.TrimSpace(line) == ""
		if isBlank && blank && dropped {
			continue
		}
		if !isBlank {
			dropped = false
		}
		if len(out) == 0 && isFileComment(line) {
			continue
		}
		blank = isBlank
		out = append(out, line)
	}
	return strings.TrimRight(strings.Join(out, ""), "\n") + "\n"
}

// dropRemoved removes the removed statements from a line. It returns "" if
// nothing is left.
func dropRemoved(line string) string {
	code, _, _ := strings.Cut(line, "#")
	if strings.Trim(code, removed+"; \t\r\n") == "" {
		return ""
	}
	for strings.Contains(line, removed) {
		before, after, _ := strings.Cut(line, removed)
		if rest, ok := strings.CutPrefix(strings.TrimLeft(after, " \t"), ";"); ok {
			line = before + strings.TrimLeft(rest, " \t")
		} else {
			line = strings.TrimRight(strings.TrimRight(before, " \t"), ";") + after
		}
	}
	return line
}

// isFileComment reports whether a line is a comment that says how to run or
// read the Python.
func isFileComment(line string) bool {
	return strings.HasPrefix(line, "#!") || strings.HasPrefix(line, "#") && strings.Contains(line, "-*-") && strings.Contains(line, "coding")
}

// definitionsAt returns the offset at which a result defines its helpers: after
// the first comments and the docstring.
func (f *File) definitionsAt(text string) int {
	at := 0
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") && strings.TrimSpace(line) != "" {
			break
		}
		at += len(line)
	}
	first := f.tree.Kid(0)
	if first == nil || first.Kind != pyast.ExprStmt || first.Kid(0).Kind != pyast.String {
		return at
	}
	doc := f.text(first)
	if !strings.HasPrefix(text[at:], doc) {
		return at
	}
	at += len(doc)
	for line := range strings.Lines(text[at:]) {
		if strings.TrimSpace(line) != "" {
			break
		}
		at += len(line)
	}
	return at
}
