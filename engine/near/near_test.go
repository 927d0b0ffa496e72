package near

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestName(t *testing.T) {
	words := []string{"reload_on_sighup", "instances", "routes", "uvicorn_log_level", "env", "app", "bind", "True"}
	for name, want := range map[string]string{
		"reload_on_sighub": "reload_on_sighup", "reloadOnSighup": "reload_on_sighup", "instance": "instances", "instnaces": "instances",
		"route": "routes", "log_level": "uvicorn_log_level", "evn": "env", "ap": "app", "bnid": "bind", "true": "True",
		"colour": "", "x": "", "": "", "env": "", "zzzzzzzz": "",
	} {
		assert.Equal(t, want, Name(name, words), name)
	}
}
