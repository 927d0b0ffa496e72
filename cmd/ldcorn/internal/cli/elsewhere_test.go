package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/proc"
)

func TestConfigOf(t *testing.T) {
	dir := t.TempDir()
	own := filepath.Join(dir, "ldconfig.py")
	require.NoError(t, os.WriteFile(own, nil, 0o600))
	for _, c := range []struct {
		command []string
		folder  string
		want    string
	}{
		{[]string{"ldcorn"}, dir, own},
		{[]string{"ldcorn", "run", "-v"}, dir, own},
		{[]string{"ldcorn"}, "", "ldconfig.star"},
		{[]string{"ldcorn", "-c", "x/other.star"}, dir, dir + "/x/other.star"},
		{[]string{"ldcorn", "-c", "/x/../other.star"}, dir, "/other.star"},
		{[]string{"ldcorn", "-cother.star"}, "", "other.star"},
		{[]string{"ldcorn", "--config=other.star"}, "/srv", "/srv/other.star"},
		{[]string{"ldcorn", "run", "--config", "../other.star"}, "/srv", "/other.star"},
		{[]string{"ldcorn", "check"}, dir, ""},
		{nil, dir, ""},
	} {
		assert.Equal(t, c.want, configOf(c.command, c.folder), c.command)
	}
}

func TestDescribe(t *testing.T) {
	self, err := proc.Self()
	require.NoError(t, err)
	assert.Regexp(t, `^user \S+ runs "[^"]+" \(pid \d+, since 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\)$`, describe(&self))
	assert.Empty(t, others("/srv/"+t.Name()))
	assert.Equal(t, "…b.star", cutPath("/a/b.star", 7))
	assert.Equal(t, "/a/b.star", cutPath("/a/b.star", 0))
}
