package cli

import (
	"slices"
	"strings"
)

// listChange compares two lists in the configuration's notation, such as
// `["/a", prefix("/b")]`. It returns the elements that only one of them has. It
// reports false if a text is not a list, or if the order of the other elements
// differs.
func listChange(before, after string) (removed, added []string, ok bool) {
	old, ok1 := elements(before)
	next, ok2 := elements(after)
	if !ok1 || !ok2 {
		return nil, nil, false
	}
	removed, added = without(old, next), without(next, old)
	return removed, added, len(removed)+len(added) > 0 && slices.Equal(without(old, removed), without(next, added))
}

// without returns the elements of a that b does not have, as often as a has them
// more.
func without(a, b []string) (out []string) {
	count := make(map[string]int)
	for _, e := range b {
		count[e]++
	}
	for _, e := range a {
		if count[e]--; count[e] < 0 {
			out = append(out, e)
		}
	}
	return out
}

// elements splits a list at the commas that are neither in a string nor in
// brackets.
func elements(list string) (out []string, ok bool) {
	inner, found := strings.CutPrefix(list, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !found || !closed {
		return nil, false
	}
	depth, start, quoted := 0, 0, false
	for i := 0; i < len(inner); i++ {
		switch c := inner[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			depth--
		case c == ',' && depth == 0:
			out = append(out, strings.TrimSpace(inner[start:i]))
			start = i + 1
		}
	}
	if last := strings.TrimSpace(inner[start:]); last != "" {
		out = append(out, last)
	}
	return out, true
}
