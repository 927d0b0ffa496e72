package match

import (
	"regexp"
	"strings"
	"testing"

	"github.com/gobwas/glob"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGlobRegexp(t *testing.T) {
	for text, want := range map[string]string{
		"/a.b":       `\A/a\.b\z`,
		"/*/x":       `\A/[^\x{2f}]*/x\z`,
		"**/?":       `\A(?s:.*)/[^\x{2f}]\z`,
		"{a,b*,}c":   `\A(?:a|b[^\x{2f}]*|)c\z`,
		"[!a-c]":     `\A[^\x{61}-\x{63}]\z`,
		"[^]é]x":     `\A[\x{5e}]é\]x\z`,
		`[\]\-]\*`:   `\A[\x{5d}\x{2d}]\*\z`,
		"a,b}":       `\Aa,b\}\z`,
		"[ab]{[c],}": `\A[\x{61}\x{62}](?:[\x{63}]|)\z`,
	} {
		got, _ := globRegexp(text, []rune{'/'})
		assert.Equal(t, want, got, text)
	}
	got, _ := globRegexp("*?", nil)
	assert.Equal(t, `\A(?s:.)*(?s:.)\z`, got)
}

// TestGlobTakesNoTime would not end if a glob backtracked to the positions of
// its stars.
func TestGlobTakesNoTime(t *testing.T) {
	for _, text := range []string{"/*a*a*a*a*b*", "*?*?*?*?*?*?", "/{a,*}{a,*}{a,*}{a,*}b*", "/**a**/**a**/**a**x?"} {
		p, err := NewPattern(text)
		require.NoError(t, err)
		assert.False(t, p.Takes(strings.Repeat("a/", 4000)), text)
		assert.False(t, p.Takes("/"+strings.Repeat("a", 8000)), text)
	}
}

func TestGlobIsSimple(t *testing.T) {
	for text, simple := range map[string]bool{
		"/a/*": true, "/*.js": true, "**/x": true, "/[ab]?c": true, "/{a,b}": true,
		"/*/*": false, "/{a,b}*": false, "/{a,{b,c}}": false, "/**/x/*.js": false,
	} {
		g, err := newGlobTest(text, '/')
		require.NoError(t, err)
		assert.Equal(t, simple, g.simple != nil, text)
	}
}

func TestGlobOfStars(t *testing.T) {
	for _, c := range []struct {
		glob, value string
		path, want  bool
	}{
		{"/a/*/b/*.js", "/a/x/b/y.js", true, true},
		{"/a/*/b/*.js", "/a//b/.js", true, true},
		{"/a/*/b/*.js", "/a/x/y/b/z.js", true, false},
		{"/a/*/b/*.js", "/a/x/b/y/z.js", true, false},
		{"/*b*c", "/bxbxcxc", true, true},
		{"/*b*c", "/bx/c", true, false},
		{"*b/*", "ab/", true, true},
		{"*bb/*", "b/b", true, false},
		{"*a*", "a", true, true},
		{"*a*a", "a", true, false},
		{"*a*a", "ba/a", false, true},
		{"**a*c", "b/a/c", false, true},
		{"/*/*", "/a", true, false},
	} {
		var separators []rune
		if c.path {
			separators = []rune{'/'}
		}
		g, err := newGlobTest(c.glob, separators...)
		require.NoError(t, err)
		require.NotNil(t, g.stars, c.glob)
		assert.Equal(t, c.want, g.Match(c.value), "%s %s", c.glob, c.value)
	}
	assert.Nil(t, newStarTest("/**/x*", []rune{'/'}))
	assert.Nil(t, newStarTest("/*[ab]*", nil))
}

// FuzzGlob compares the regular expressions and the stars with the glob
// package.
func FuzzGlob(f *testing.F) {
	f.Add("/*a*/[!b-c]?{x,*y}", "/xa/dzy", true)
	f.Add("**/*.{js,css}", "a/b/x.js", true)
	f.Add("[a\\]]*{,b}*", "]b", false)
	f.Add("?*\xff*", "\xff\xfe\n", false)
	f.Add("/a*b*/c*/*.js", "/axbb/cc/x.js", true)
	f.Add("*a/b*a*", "xa/bb/a", true)
	f.Add("a**b*é*", "a/b/éé", false)
	f.Fuzz(func(t *testing.T, text, value string, path bool) {
		if len(text) > 16 || len(value) > 16 { // longer ones show no more, and take the glob package too long
			return
		}
		var separators []rune
		if path {
			separators = []rune{'/'}
		}
		g, err := glob.Compile(text, separators...)
		if err != nil {
			return
		}
		expr, _ := globRegexp(text, separators)
		re, err := regexp.Compile(expr)
		require.NoError(t, err, "%q gives %q", text, expr)
		require.Equal(t, g.Match(value), re.MatchString(value), "%q, %q, %q", text, expr, value)
		if stars := newStarTest(text, separators); stars != nil {
			require.Equal(t, g.Match(value), stars.match(value), "%q, %q by its stars", text, value)
		}
	})
}
