package visible

import "unicode/utf8"

// Cut returns a string that is longer than so many bytes as its beginning and
// an ellipsis. It cuts between characters.
func Cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	end := most
	for end > max(0, most-utf8.UTFMax) && !utf8.RuneStart(s[end]) { // or it is no UTF-8
		end--
	}
	return s[:end] + "…"
}
