package terminal

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWrap(t *testing.T) {
	for text, want := range map[string]string{
		"one two three":                     "one two\nthree",
		"  one two three":                   "  one two\n  three",
		"a  one two three":                  "a  one two\n   three",
		"loooooooooong line":                "loooooooooong\nline",
		"   looooooooooong":                 "   looooooooooong",
		"ä ö ü ä ö ü":                       "ä ö ü ä ö\nü",
		"short\n\nlines":                    "short\n\nlines",
		"aaaa bbbb  second column far away": "aaaa bbbb\nsecond\ncolumn far\naway",
	} {
		assert.Equal(t, want, Wrap(text, 10), text)
	}
	assert.Equal(t, "one two three", Wrap("one two three", 0))
}

func TestWrapRemark(t *testing.T) {
	for text, want := range map[string]string{
		"hint: one two three":             "hint: one two\n      three",
		"ldcorn: a bc d e f\nhint: a b":   "ldcorn: a bc d\n        e f\nhint: a b",
		"a file: one two three":           "a file: one\n  two three",
		"    quoted text of any length":   "    quoted text of any length",
		"hint: /a/very/long/path/of/file": "hint:\n      /a/very/long/path/of/file",
		"ä ö ü ä ö ü ä ö":                 "ä ö ü ä ö ü ä\n  ö",
	} {
		assert.Equal(t, want, WrapRemark(text, 14), text)
	}
	assert.Equal(t, "hint: one two three", WrapRemark("hint: one two three", 0))
}

func TestReflow(t *testing.T) {
	assert.Equal(t, "one two\nthree four\n\n  kept\n  lines\n\nfive", Reflow("one\ntwo three\nfour\n\n  kept\n  lines\n\nfive", 10))
}

func TestCut(t *testing.T) {
	assert.Equal(t, "abc", Cut("abc", 3))
	assert.Equal(t, "ab…", Cut("abcd", 3))
	assert.Equal(t, "abcd", Cut("abcd", 0))
}
