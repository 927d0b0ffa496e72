package engine

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/supervisor"
)

// The service manager learns what a master does, from its start to its end.
func TestStanding(t *testing.T) {
	m := newMaster(t)
	manager := listenNotify(t)
	m.run()
	assert.Equal(t, "STATUS=reading the configuration", manager.message())
	assert.Equal(t, "EXTEND_TIMEOUT_USEC=30000000", manager.message())
	assert.Contains(t, manager.next(), "STATUS=generation 1: 1 group, 1 worker")

	m.signal(syscall.SIGHUP)
	assert.Contains(t, manager.next(), "\nSTATUS=reloading")
	assert.Contains(t, manager.next(), "STATUS=generation 2: 1 group, 1 worker")

	m.change(func(*plan.Plan) {}, "ldconfig.star:1:1: broken")
	m.signal(syscall.SIGHUP)
	assert.Contains(t, manager.next(), "RELOADING=1")
	failed := manager.next()
	assert.Contains(t, failed, "READY=1")
	assert.Contains(t, failed, "\nERRNO=22\n")
	assert.Contains(t, failed, "STATUS=generation 2: 1 group, 1 worker; the last reload failed: ldconfig.star:1:1: broken")
	m.change(func(*plan.Plan) {}, "")
	m.signal(syscall.SIGHUP)
	assert.Contains(t, manager.next(), "RELOADING=1")
	assert.Contains(t, manager.next(), "\nERRNO=0\n")

	m.signal(syscall.SIGTERM)
	stopping := manager.next()
	assert.Contains(t, stopping, "STATUS=stopping: ")
	assert.Contains(t, stopping, "EXTEND_TIMEOUT_USEC=125000000", "twice patience, and the slack")
	require.NoError(t, <-m.ended)
}

func TestStanding_Fails(t *testing.T) {
	m := newMaster(t)
	manager := listenNotify(t)
	m.next.Groups[0].App = "nothere:app"
	m.run()
	require.ErrorAs(t, <-m.ended, new(*supervisor.StartError))
	for {
		text := manager.message()
		if strings.HasPrefix(text, "ERRNO=") {
			assert.Contains(t, text, "STATUS=failed: ")
			return
		}
		assert.NotContains(t, text, "READY=1")
	}
}

func TestStanding_Starting(t *testing.T) {
	assert.Equal(t, "starting", startingText(nil))
	assert.Equal(t, "starting: group web is not ready", startingText(&supervisor.Activity{Waits: []string{"web"}}))
	assert.Equal(t, "starting: group a and 1 more are not ready: GET /up: 503",
		startingText(&supervisor.Activity{Waits: []string{"a", "b"}, Reason: "GET /up: 503"}))
}

// What is no failure of a reload is none for the manager.
func TestStanding_NoFailure(t *testing.T) {
	for _, err := range []error{errNewer, refusal{errors.New("no such group")}} {
		assert.NoError(t, failureOf(err))
	}
	assert.Error(t, failureOf(errors.New("broken")))
}
