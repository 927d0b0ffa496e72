package decide

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAppendHTTPS(t *testing.T) {
	for _, c := range [][4]string{
		{"a", "", "/", "https://a/"}, {"a:80", "443", "/x?y", "https://a/x?y"}, {"[::1]", "", "/", "https://[::1]/"}, {"[::1]:80", "8443", "//b", "https://[::1]:8443//b"},
		{"a", "", "*", "https://a"}, {"a", "8443", "", "https://a:8443"},
	} {
		assert.Equal(t, c[3], string(AppendHTTPS(nil, []byte(c[0]), c[1], []byte(c[2]))))
	}
}
