package terminal

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestScreen(t *testing.T) {
	var out strings.Builder
	show := func(s *Screen, texts ...string) string {
		out.Reset()
		for _, text := range texts {
			require.NoError(t, s.Show(text))
		}
		return out.String()
	}
	assert.Equal(t, "a\n\nb\n", show(NewScreen(&out, false, false), "a\n", "b\n"))
	assert.Equal(t, "{}\n{}\n", show(NewScreen(&out, true, false), "{}\n", "{}\n"))

	terminal := &Screen{out: &out, size: func() (int, int, error) { return 4, 4, nil }}
	assert.Equal(t, "\x1b[2J\x1b[Hab\x1b[K\r\n\x1b[J\x1b[Hüber\x1b[K\r\n2\x1b[K\r\n… 2 \x1b[K\r\n\x1b[J",
		show(terminal, "ab\n", "überlong\n2\n3\n4\n"))
}
