package plan

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseBindMode(t *testing.T) {
	for s, want := range map[string]BindMode{"0660": 0o660, "660": 0o660, "0777": 0o777, "0200": 0o200} {
		m, err := ParseBindMode(s)
		require.NoError(t, err, s)
		assert.Equal(t, want, m, s)
	}
	for s, want := range map[string]string{
		"": "3 or 4 octal digits", "66": "3 or 4", "0o660": "3 or 4", "00660": "3 or 4", "0689": "3 or 4", "-660": "3 or 4",
		"+660": "3 or 4", "rw-rw----": "3 or 4", "1777": "up to \"0777\"", "0444": "nobody connect", "0000": "nobody connect",
	} {
		_, err := ParseBindMode(s)
		assert.ErrorContains(t, err, want, s)
	}
	assert.Equal(t, `"0660"`, BindMode(0o660).String())
	assert.Equal(t, "None", BindMode(0).String())
}

func TestParseBindOwner(t *testing.T) {
	for s, want := range map[string]BindOwner{
		"www-data": {"www-data", ""}, "www-data:nginx": {"www-data", "nginx"}, ":nginx": {"", "nginx"}, "33:33": {"33", "33"},
		"0": {"0", ""}, "svc_app$": {"svc_app$", ""}, "first.last@dom:grp": {"first.last@dom", "grp"}, "4294967294": {"4294967294", ""},
	} {
		o, err := ParseBindOwner(s)
		require.NoError(t, err, s)
		assert.Equal(t, want, o, s)
		assert.Equal(t, `"`+s+`"`, o.String())
	}
	for s, want := range map[string]string{
		"": "names nobody", ":": "names nobody", "a:": "has no group", "a:b:c": "is not a user or group name", "a b": "is not a user or group name", "-1": "is not a user or group name",
		"4294967295": "is not a user or group number", "1:99999999999": "is not a user or group number", "a\x00": "is not a user or group name", "a/b": "is not a user or group name",
	} {
		_, err := ParseBindOwner(s)
		assert.ErrorContains(t, err, want, s)
	}
	assert.Equal(t, "None", BindOwner{}.String())
}
