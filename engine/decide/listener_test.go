package decide

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAppendHTTPS(t *testing.T) {
	for _, c := range [][5]string{
		{"a", "", "", "/", "https://a/"},
		{"a:80", "80", "443", "/x?y", "https://a/x?y"},
		{"[::1]", "80", "", "/", "https://[::1]/"},
		{"[::1]:8080", "8080", "8443", "//b", "https://[::1]:8443//b"},
		{"a", "80", "8443", "", "https://a:8443"},
		{"a", "", "8443", "*", "https://a"},
		{"a", "8080", "8443", "/", "https://a/"},
		{"[::1]", "8080", "8443", "/", "https://[::1]/"},
		{"a:80", "8080", "8443", "/", "https://a/"},
	} {
		assert.Equal(t, c[4], string(AppendHTTPS(nil, []byte(c[0]), c[1], c[2], []byte(c[3]))), c)
	}
}
