package proxy

import (
	"syscall"

	"github.com/ldcorn/ldcorn/engine/buffer"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// bufferLimits returns the bounds of all buffers.
func bufferLimits(p *plan.Plan) buffer.Limits {
	return buffer.Limits{Memory: p.BufferMemory, Disk: p.BufferLimit, Dir: p.BufferDir, Files: bufferFiles(p)}
}

const mostBufferFiles = 1024

// bufferFiles returns how many files the buffers may have open: a sixteenth of the
// limit of the process. Connections leave them to the buffers.
func bufferFiles(p *plan.Plan) int {
	var lim syscall.Rlimit
	if p.BufferLimit <= 0 || syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim) != nil {
		return 0
	}
	return int(min(lim.Cur/16, mostBufferFiles))
}

// Buffers returns what the bodies of all requests wait in.
func (p *Proxy) Buffers() *buffer.Space { return p.buffers }
