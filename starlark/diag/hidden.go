package diag

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Hidden are values that no diagnostic may quote, such as those of a file of
// variables. The zero Hidden is empty and ready for use.
type Hidden struct {
	values []hiddenValue // sorted unless unsorted: the longest first
	seen   map[hiddenValue]bool

	unsorted bool
}

// A hiddenValue is a value as a message can show it.
type hiddenValue struct{ text, name string }

// These set which parts of a message are taken for a value. A shorter value, such as a
// number, is no secret, and its text is in too many messages.
const (
	minHidden  = 4  // bytes of a value that is hidden
	hiddenHead = 24 // bytes that are hidden without the rest of the value, which messages cut
)

// appName matches the name of an app, of which messages show the module alone.
var appName = regexp.MustCompile(`^([\w.]+):[\w.]+$`)

// Add hides the value of a variable.
func (h *Hidden) Add(name, value string) {
	forms := []string{value, strings.TrimSpace(value)}
	if m := appName.FindStringSubmatch(value); m != nil {
		forms = append(forms, m[1])
	}
	for _, text := range forms {
		quoted := strconv.Quote(text)
		for _, form := range []string{text, quoted[1 : len(quoted)-1]} {
			v := hiddenValue{form, name}
			if len(form) < minHidden || h.seen[v] {
				continue
			}
			if h.seen == nil {
				h.seen = make(map[hiddenValue]bool)
			}
			h.seen[v], h.unsorted = true, true
			h.values = append(h.values, v)
		}
	}
}

// Snapshot returns a Hidden with the values so far, for concurrent calls of Text.
func (h *Hidden) Snapshot() *Hidden {
	h.sort()
	return &Hidden{values: slices.Clone(h.values)}
}

func (h *Hidden) sort() {
	if h.unsorted {
		slices.SortStableFunc(h.values, func(a, b hiddenValue) int { return len(b.text) - len(a.text) })
		h.unsorted = false
	}
}

// Text returns a message with the names of the variables in place of their values.
func (h *Hidden) Text(s string) string {
	if h == nil {
		return s
	}
	h.sort()
	for _, v := range h.values {
		s = v.hide(s)
	}
	return s
}

// Cover hides the values in the texts of a diagnostic. Advice with a value would be
// wrong without it, and is dropped.
func (h *Hidden) Cover(d *Diagnostic) {
	if h == nil || len(h.values) == 0 {
		return
	}
	d.Message = h.Text(d.Message)
	for _, advice := range []*string{&d.Label, &d.Hint} {
		if h.Text(*advice) != *advice {
			*advice = ""
		}
	}
	for i, line := range d.Detail {
		d.Detail[i] = h.Text(line)
	}
	for i := range d.Related {
		d.Related[i].Label = h.Text(d.Related[i].Label)
	}
}

// hide replaces the value, its quoted form, and a beginning of it that was cut.
func (v hiddenValue) hide(s string) string {
	head := v.text[:min(len(v.text), hiddenHead)]
	var out strings.Builder
	for from := 0; ; {
		at := strings.Index(s[from:], head)
		if at < 0 {
			out.WriteString(s[from:])
			return out.String()
		}
		start := from + at
		end := start + commonPrefix(s[start:], v.text)
		for end < len(s) && !utf8.RuneStart(s[end]) {
			end--
		}
		whole := end-start == len(v.text)
		if whole && len(v.text) < hiddenHead && !isApart(s, start, end) {
			out.WriteString(s[from:end])
			from = end
			continue
		}
		if !whole {
			end += len(s[end:]) - len(strings.TrimPrefix(s[end:], "…"))
		}
		if start > from && end < len(s) && s[start-1] == s[end] && strings.IndexByte("\"'`", s[end]) >= 0 {
			start, end = start-1, end+1
		}
		out.WriteString(s[from:start] + "the value of " + v.name)
		from = end
	}
}

// isApart reports whether a part of a text is not a part of a longer word.
func isApart(s string, start, end int) bool {
	inWord := func(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
	before, _ := utf8.DecodeLastRuneInString(s[:start])
	after, _ := utf8.DecodeRuneInString(s[end:])
	first, _ := utf8.DecodeRuneInString(s[start:])
	last, _ := utf8.DecodeLastRuneInString(s[:end])
	return !(inWord(before) && inWord(first)) && !(inWord(last) && inWord(after))
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
