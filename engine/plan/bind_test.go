package plan_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

func TestParseBind(t *testing.T) {
	for s, want := range map[string]plan.Bind{
		"127.0.0.1:8000":   {Network: "tcp", Address: "127.0.0.1:8000"},
		":8000":            {Network: "tcp", Address: ":8000"},
		"localhost:0":      {Network: "tcp", Address: "localhost:0"},
		"[::1]:80":         {Network: "tcp", Address: "[::1]:80"},
		"unix:/run/x.sock": {Network: "unix", Address: "/run/x.sock"},
		"systemd":          {Network: "systemd"},
		plan.DefaultBind:   {Network: "tcp", Address: "0.0.0.0:8000"},
	} {
		got, err := plan.ParseBind(s)
		require.NoError(t, err, s)
		assert.Equal(t, want, got)
		assert.Equal(t, s, got.String())
	}
}

func TestParseBindErrors(t *testing.T) {
	for s, want := range map[string]string{
		"":                        `no port`,
		"127.0.0.1":               `"127.0.0.1:8000"`,
		"8000":                    `write ":8000"`,
		"localhost:http":          `port "http" is not a number`,
		"localhost:":              `port "" is not a number`,
		"localhost:65536":         `from 0 to 65535`,
		"localhost:080":           `from 0 to 65535`,
		"::1:80":                  "brackets",
		"http://localhost:80/":    `write "localhost:80"`,
		"local host:80":           "is not a host",
		"a/b":                     "is not an address",
		"unix:":                   "needs a path",
		"unix:x.sock":             "relative path",
		"unix:/" + long("x", 120): "at most 107 bytes",
		"127.0.0.1:80\n":          "not a number",
		"\x00:80":                 "is not a host",
	} {
		_, err := plan.ParseBind(s)
		assert.ErrorContains(t, err, want, s)
	}
}

func long(s string, n int) string { return strings.Repeat(s, n) }
