package near

import (
	"slices"
	"strings"
)

// Name returns the candidate that the author of name most likely meant, or ""
// if none is near. It ignores case and underscores.
func Name(name string, candidates []string) string {
	want := Fold(name)
	best, bestDistance := "", 1+max(1, len(want)/3)
	if len(want) < 2 {
		return ""
	}
	for _, c := range slices.Sorted(slices.Values(candidates)) {
		have := Fold(c)
		d := distance(want, have)
		// A name with a missing word, as log_level for uvicorn_log_level, is
		// also near.
		if len(want) >= 4 && strings.Contains(have, want) || len(have) >= 4 && strings.Contains(want, have) {
			// But it is not as near as the same name in another case.
			d = min(d, max(1, min(bestDistance-1, 2)))
		}
		if d < bestDistance {
			best, bestDistance = c, d
		}
	}
	if best == name {
		return ""
	}
	return best
}

// Fold returns a name without what Name ignores: case and underscores.
func Fold(s string) string {
	return strings.ToLower(strings.ReplaceAll(s, "_", ""))
}

// distance returns how many letters to insert, remove, replace or swap with
// their neighbor to turn a into b.
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
