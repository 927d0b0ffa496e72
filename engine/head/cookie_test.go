package head

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNextCookie(t *testing.T) {
	var got []string
	for name, value, rest := NextCookie([]byte(`a=1;  b = 2 ;c; =;d==x;e="f;g";` + "\xa0h\x85=\xa0i j\t;k")); ; name, value, rest = NextCookie(rest) {
		got = append(got, string(name)+"|"+string(value))
		if len(rest) == 0 {
			break
		}
	}
	assert.Equal(t, []string{"a|1", "b|2", "|", "|", "d|=x", `e|"f`, "|", "h|i j", "|"}, got)
}

// TestCookieValue: the values are those that Python's http.cookies reads.
func TestCookieValue(t *testing.T) {
	for value, want := range map[string]string{
		``: ``, `a`: `a`, `"`: `"`, `""`: ``, `"a"`: `a`, `"a`: `"a`, `a"`: `a"`, `""a""`: `"a"`,
		`a\141`: `a\141`, `"\141lice"`: `alice`, `"a\154ice"`: `alice`, `"\a\l\"\\"`: `al"\`,
		`"\400\08\18"`: `4000818`, `"\377\000"`: "\xff\x00", `"a\"`: `a\`, `"\14"`: `14`,
	} {
		var buf []byte
		assert.Equal(t, want, string(CookieValue([]byte(value), &buf)), value)
	}
}
