package diag

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestHidden checks that messages name a variable in place of its value, however they
// show it, and that a value is not taken for a part of a word.
func TestHidden(t *testing.T) {
	long := strings.Repeat("0123456789", 30)
	var h Hidden
	for name, value := range map[string]string{"PW": "hunter2", "N": "12", "LINES": "two\nlines\"", "LONG": long, "APP": "hidden.app:app", "WORD": "port", "LONGER": "hunter2+"} {
		h.Add(name, value)
	}
	for text, want := range map[string]string{
		"int: invalid literal with base 10: hunter2": "int: invalid literal with base 10: the value of PW",
		`wants a or b, got "hunter2"`:                "wants a or b, got the value of PW",
		"there is no file conf/hunter2":              "there is no file conf/the value of PW",
		"hunter2":                                    "the value of PW",
		`"hunter2" is not 'hunter2' nor xhunter2x`:   "the value of PW is not the value of PW nor xhunter2x",
		"hunter2+":                 "the value of LONGER",
		"12 is 12":                 "12 is 12",
		`got "two\nlines\""`:       "got the value of LINES",
		"got two\nlines\"":         "got the value of LINES",
		`got "` + long[:60] + `…"`: "got the value of LONG",
		"got " + long + "!":        "got the value of LONG!",
		"no module hidden.app for app hidden.app:app":   "no module the value of APP for app the value of APP",
		"`port` has support for ports, but not port's.": "the value of WORD has support for ports, but not the value of WORD's.",
	} {
		assert.Equal(t, want, h.Text(text))
	}
	assert.Equal(t, "as it is", (*Hidden)(nil).Text("as it is"))

	r := &Report{}
	r.Hidden.Add("PW", "hunter2")
	r.Add(Diagnostic{Message: "m hunter2", Label: "l hunter2", Hint: "h hunter2", Detail: []string{"d hunter2"}, Related: []Related{{Label: "r hunter2"}}})
	d := r.Diagnostics[0]
	for _, text := range []string{d.Message, d.Detail[0], d.Related[0].Label} {
		assert.Regexp(t, `^. the value of PW$`, text)
	}
	assert.Empty(t, d.Label+d.Hint, "advice with a value is no advice without it")
}
