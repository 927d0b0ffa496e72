package proc

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSplitArgs(t *testing.T) {
	for name, c := range map[string]struct {
		data      string
		args, env []string
	}{
		"a process":       {"\x03\x00\x00\x00/bin/python\x00\x00\x00\x00python\x00-m\x00uvicorn\x00A=1\x00B=x y\x00\x00pointer\x00", []string{"python", "-m", "uvicorn"}, []string{"A=1", "B=x y"}},
		"an empty word":   {"\x02\x00\x00\x00/p\x00p\x00\x00A=1\x00", []string{"p", ""}, []string{"A=1"}},
		"no environment":  {"\x01\x00\x00\x00/p\x00p\x00", []string{"p"}, nil},
		"cut off":         {"\x02\x00\x00\x00/p\x00p\x00hal", []string{"p"}, nil},
		"no path":         {"\x02\x00\x00\x00/p", nil, nil},
		"nothing":         {"", nil, nil},
		"not even a size": {"\x01\x00", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			args, env := splitArgs([]byte(c.data))
			assert.Equal(t, c.args, args)
			assert.Equal(t, c.env, env)
		})
	}
}
