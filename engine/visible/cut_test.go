package visible_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/visible"
)

func TestCut(t *testing.T) {
	for _, c := range []struct {
		in   string
		most int
		want string
	}{
		{"", 0, ""},
		{"abc", 3, "abc"},
		{"abcd", 3, "abc…"},
		{"aéb", 2, "a…"},
		{"aéb", 3, "aé…"},
		{"\x80\x80\x80", 2, "…"},
	} {
		assert.Equal(t, c.want, visible.Cut(c.in, c.most))
	}
}

func TestFirstLine(t *testing.T) {
	for in, want := range map[string]string{
		"":                                "",
		"exit code 3":                     "exit code 3",
		"exit code 3; it wrote:\n    one": "exit code 3",
		"one\ntwo; it wrote:":             "one",
	} {
		assert.Equal(t, want, visible.FirstLine(in))
	}
}
