package visible

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestText(t *testing.T) {
	for s, want := range map[string]string{
		"plain é ✓ 👩\u200d💻\tand\n": "plain é ✓ 👩\u200d💻\tand\n",
		"\x1b]0;title\a\r\x00":      `\x1b]0;title\x07\x0d\x00`,
		"\x1b[31mred\x1b[0m":        `\x1b[31mred\x1b[0m`,
		"\x7f\u0085\u009b2J":        `\u007f\u0085\u009b2J`,
		"a\u202eb\u2066\u2028":      `a\u202eb\u2066\u2028`,
		"\xff\xc3(\xe2\x80":         `\xff\xc3(\xe2\x80`,
		"\U000e0041":                `\udb40\udc41`,
	} {
		assert.Equal(t, want, Text(s))
	}
	assert.Equal(t, `a\x0ab\x09c`, String("a\nb\tc"))
	for s, want := range map[string]string{
		"\x1b[1;31mred\x1b[m": "red", "\x1b[2Jx": `\x1b[2Jx`, "\x1b[31": `\x1b[31`, "a\nb": `a\x0ab`, "é\t": "é\t",
	} {
		assert.Equal(t, want, string(AppendLine(nil, []byte(s), Drop)))
	}
	assert.Equal(t, "\x1b[31mred\x1b[0m", string(AppendLine(nil, []byte("\x1b[31mred"), Keep)))
	assert.Equal(t, `\x1b[?25l\x1b[3A`, string(AppendLine(nil, []byte("\x1b[?25l\x1b[3A"), Keep)))
}

// harmless reports whether a text contains no controls except line ends, tabs
// and, if allowed, colors.
func harmless(b []byte, colors Colors) bool {
	for len(b) > 0 {
		if n := colorSequence(b); b[0] == 0x1b && n > 0 && colors == Keep {
			b = b[n:]
			continue
		}
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 || IsControl(r) && r != '\n' && r != '\t' {
			return false
		}
		b = b[n:]
	}
	return true
}

// FuzzWriter checks that nothing harmful passes, whatever the setting of
// colors, and that it does not matter how a text is split into writes.
func FuzzWriter(f *testing.F) {
	f.Add([]byte("é\x1b[31mred\x1b[0m\u202e\xff\x1b["), 3, uint8(2))
	f.Add([]byte("\x1b[1;2;3\x1b[m\xe2\x80\xae\xc2\x9b"), 1, uint8(1))
	f.Fuzz(func(t *testing.T, src []byte, size int, choice uint8) {
		colors := Colors(choice % 3)
		var whole, pieces bytes.Buffer
		w := NewWriter(&whole, func() Colors { return colors })
		_, _ = w.Write(src)
		require.NoError(t, w.Flush())
		require.True(t, harmless(whole.Bytes(), colors), "%q", whole.Bytes())
		w = NewWriter(&pieces, func() Colors { return colors })
		for rest := src; len(rest) > 0; {
			n := min(len(rest), 1+size&7)
			_, _ = w.Write(rest[:n])
			require.True(t, harmless(pieces.Bytes(), colors), "%q", pieces.Bytes())
			rest = rest[n:]
		}
		require.NoError(t, w.Flush())
		require.Equal(t, whole.String(), pieces.String())
		require.True(t, harmless([]byte(Text(string(src))), Show))
		require.True(t, harmless(AppendLine(nil, src, colors), colors))
		line := String(string(src))
		require.True(t, harmless([]byte(line), Show) && !strings.ContainsAny(line, "\n\t"))
		if encoded, err := json.Marshal(string(src)); err == nil { // JSON stays valid
			var before, after string
			require.NoError(t, json.Unmarshal(encoded, &before))
			require.NoError(t, json.Unmarshal([]byte(Text(string(encoded))), &after))
			require.Equal(t, before, after)
		}
	})
}

func TestStrings(t *testing.T) {
	type inner struct{ Name string }
	v := struct {
		A    string
		List []inner
		Map  map[string]any
		P    *inner
		N    int
	}{"\x1b", []inner{{"\x9b"}}, map[string]any{"k\a": []any{"\x00", 1.5}}, &inner{"\u202e"}, 3}
	Strings(&v)
	assert.Equal(t, `\x1b`, v.A)
	assert.Equal(t, `\x9b`, v.List[0].Name)
	assert.Equal(t, map[string]any{`k\x07`: []any{`\x00`, 1.5}}, v.Map)
	assert.Equal(t, `\u202e`, v.P.Name)
}

// TestReset checks that no line sets colors for the next one.
func TestReset(t *testing.T) {
	assert.Equal(t, "plain\ntext", Reset("plain\ntext"))
	assert.Equal(t, "\x1b[8mhidden\x1b[0m\nseen\n\x1b[31mred\x1b[0m", Reset("\x1b[8mhidden\nseen\n\x1b[31mred"))
}
