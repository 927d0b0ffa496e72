package proxy

import (
	"github.com/ldcorn/ldcorn/engine/buffer"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// bufferLimits returns the bounds of all buffers.
func bufferLimits(p *plan.Plan) buffer.Limits {
	return buffer.Limits{Memory: p.BufferMemory, Disk: p.BufferLimit, Dir: p.BufferDir}
}
