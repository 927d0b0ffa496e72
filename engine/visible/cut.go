package visible

import "unicode/utf8"

// Cut returns a string that is longer than so many bytes as its beginning and
// an ellipsis. It cuts between characters.
func Cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	end := most
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}
