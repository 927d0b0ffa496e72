package radix

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTree(t *testing.T) {
	var tree Tree[string]
	assert.Nil(t, tree.Longest("/a"), "an empty tree holds nothing")
	for _, literal := range []string{"/a/b", "/a", "/abc", "", "/x"} {
		*tree.At(literal) += "=" + literal
	}
	*tree.At("/a") += "!"
	tree.Link()
	for text, want := range map[string][]string{
		"/a/b/c": {"=/a/b", "=/a!", "="},
		"/ab":    {"=/a!", "="},
		"/abc":   {"=/abc", "=/a!", "="},
		"/x":     {"=/x", "="},
		"":       {"="},
	} {
		var got []string
		for h := tree.Longest(text); h != nil; h = h.Shorter() {
			got = append(got, h.Value)
		}
		assert.Equal(t, want, got, text)
	}
}
