package cli

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestElements(t *testing.T) {
	for text, want := range map[string][]string{
		`[]`:           nil,
		`["/a"]`:       {`"/a"`},
		`["/a", "/b"]`: {`"/a"`, `"/b"`},
		`[rule("/a, [b", priority=1), header("x", "\"]"), "{a,b}"]`: {`rule("/a, [b", priority=1)`, `header("x", "\"]")`, `"{a,b}"`},
		`[A=(secret), B="x"]`: {`A=(secret)`, `B="x"`},
	} {
		got, ok := elements(text)
		assert.True(t, ok, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "None", "5", `"["`, `["a"`} {
		_, ok := elements(text)
		assert.False(t, ok, text)
	}
}

func TestListChange(t *testing.T) {
	removed, added, ok := listChange(`["/a", rule("/b", priority=1), "*"]`, `["/a", rule("/b", priority=2), "*", "/c"]`)
	assert.True(t, ok)
	assert.Equal(t, []string{`rule("/b", priority=1)`}, removed)
	assert.Equal(t, []string{`rule("/b", priority=2)`, `"/c"`}, added)
	for _, same := range [][2]string{{`["/a", "/b"]`, `["/b", "/a"]`}, {`["/a", "/b", "/c"]`, `["/b", "/a"]`}, {`5`, `6`}, {`None`, `["/a"]`}} {
		_, _, ok = listChange(same[0], same[1])
		assert.False(t, ok, same)
	}
}

func TestLongChange(t *testing.T) {
	assert.Equal(t, "\n        - \"/b\"\n        + rule(\"/b\", priority=1)", longChange(`["/a", "/b"]`, `["/a", rule("/b", priority=1)]`))
	assert.Equal(t, "\n          60\n       -> 70", longChange("60", "70"))
}
