package plan

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/api"
)

// TestWords checks that this package and the documents use the same words.
func TestWords(t *testing.T) {
	for want, is := range map[api.PlanAction]Action{
		api.ActionKeep: Keep, api.ActionUpdate: Update, api.ActionResize: Resize, api.ActionReplace: Replace, api.ActionAdd: Add, api.ActionRemove: Remove,
	} {
		assert.EqualValues(t, want, is)
	}
	for want, is := range map[api.PlanEffect]Effect{
		api.EffectIdentity: EffectIdentity, api.EffectProcess: EffectProcess, api.EffectResize: EffectResize, api.EffectProxy: EffectProxy,
		api.EffectSupervisor: EffectSupervisor, api.EffectListener: EffectListener, api.EffectRestart: EffectRestart,
	} {
		assert.EqualValues(t, want, is)
	}
	for want, is := range map[api.PlanInputKind]InputKind{api.InputFile: InputFile, api.InputEnv: InputEnv, api.InputSystem: InputSystem} {
		assert.EqualValues(t, want, is)
	}
}
