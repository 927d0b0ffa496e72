package cli

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/proc"
)

func TestRunsConfig(t *testing.T) {
	for _, c := range []struct {
		command []string
		config  string
		want    bool
	}{
		{[]string{"ldcorn"}, "/srv/ldconfig.star", true},
		{[]string{"ldcorn", "run", "-v"}, "/srv/ldconfig.star", true},
		{[]string{"ldcorn"}, "/srv/other.star", false},
		{[]string{"ldcorn", "-c", "x/other.star"}, "/srv/other.star", true},
		{[]string{"ldcorn", "-cother.star"}, "/srv/other.star", true},
		{[]string{"ldcorn", "--config=other.star"}, "/srv/other.star", true},
		{[]string{"ldcorn", "run", "--config", "other.star"}, "/srv/other.star", true},
		{[]string{"ldcorn", "-c"}, "/srv/other.star", false},
		{[]string{"ldcorn", "-c", "other.star"}, "/srv/ldconfig.star", false},
		{[]string{"ldcorn", "check"}, "/srv/ldconfig.star", false},
		{nil, "/srv/other.star", false},
	} {
		assert.Equal(t, c.want, runsConfig(c.command, c.config), c.command)
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
