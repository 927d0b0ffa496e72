package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseVersion(t *testing.T) {
	for _, c := range []struct {
		describe, semver, python string
		release                  bool
	}{
		{"v1.2.3-0-g0123456789ab", "1.2.3", "1.2.3", true},
		{"v1.2.3-0-g0123456789ab-dirty", "1.2.4-dev.0+g0123456789ab.dirty", "1.2.4.dev0+g0123456789ab.dirty", false},
		{"v1.2.3-5-g0123456789ab", "1.2.4-dev.5+g0123456789ab", "1.2.4.dev5+g0123456789ab", false},
		{"v2.0.0-rc.1-0-g0123456789ab", "2.0.0-rc.1", "2.0.0rc1", true},
		{"v2.0.0-beta.2-3-g0123456789ab", "2.0.0-beta.2.dev.3+g0123456789ab", "2.0.0b2.post0.dev3+g0123456789ab", false},
		{"v0.0.0-700-g0123456789ab", "0.0.0-dev.700+g0123456789ab", "0.0.0.dev700+g0123456789ab", false},
	} {
		v, err := parseVersion(c.describe)
		require.NoError(t, err)
		assert.Equal(t, version{Semver: c.semver, Python: c.python, Release: c.release}, v)
	}
	for _, bad := range []string{"v1.2-0-g01", "v1.2.3-pre-0-g01", "1.2.3-0-g01", ""} {
		_, err := parseVersion(bad)
		require.ErrorContains(t, err, "want a tag such as v1.2.3", bad)
	}
}
