package cli

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
)

func TestReplaced(t *testing.T) {
	own := api.Version{Version: "0.3.0", Commit: "abc"}
	assert.Empty(t, replaced(nil, own))
	assert.Equal(t, "/usr/bin/ldcorn is gone: the master cannot be started again", replaced(&api.Installed{Path: "/usr/bin/ldcorn", Gone: true}, own))
	assert.Equal(t, "/nowhere/ldcorn is now another program: stop the master and start it again to run that",
		replaced(&api.Installed{Path: "/nowhere/ldcorn"}, own))
	self, err := os.Executable()
	require.NoError(t, err)
	assert.Equal(t, self+" is now ldcorn 0.3.0, commit abc: stop the master and start it again to run that", replaced(&api.Installed{Path: self}, own))
}
