package decide

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAppendHTTPS(t *testing.T) {
	for _, c := range [][3]string{
		{"a", "/", "https://a/"}, {"a:80", "/x?y", "https://a/x?y"}, {"[::1]", "/", "https://[::1]/"}, {"[::1]:80", "//b", "https://[::1]//b"},
		{"a", "*", "https://a"}, {"a", "", "https://a"},
	} {
		assert.Equal(t, c[2], string(AppendHTTPS(nil, []byte(c[0]), []byte(c[1]))))
	}
}
