package proxy

import (
	"syscall"

	"github.com/ldcorn/ldcorn/engine/buffer"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/static"
)

// bufferLimits returns the bounds of all buffers.
func bufferLimits(p *plan.Plan) buffer.Limits {
	return buffer.Limits{Memory: p.BufferMemory, Disk: p.BufferLimit, Dir: p.BufferDir, Files: bufferFiles(p)}
}

// BuffersBodies reports whether a body may have to wait: the router can say so for
// any request.
func BuffersBodies(p *plan.Plan) bool {
	if p.Router != nil {
		return true
	}
	for _, g := range p.Groups {
		if g.RequestBufferSize() > 0 || g.ResponseBufferSize() > 0 {
			return true
		}
		for i := range g.Routes {
			if g.Routes[i].Override.RequestBufferSize(g) > 0 {
				return true
			}
		}
	}
	return false
}

const mostBufferFiles = 1024

// bufferFiles returns how many files the buffers may have open: a sixteenth of the
// limit of the process. Connections leave them to the buffers. Without a buffer,
// there are none, and nobody needs to know that the folder cannot be used.
func bufferFiles(p *plan.Plan) int {
	var lim syscall.Rlimit
	if p.BufferLimit <= 0 || !BuffersBodies(p) || syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim) != nil {
		return 0
	}
	return int(min(lim.Cur/16, mostBufferFiles))
}

// Files returns the folders of statics.
func (p *Proxy) Files() *static.Set { return p.files }

// Buffers returns what the bodies of all requests wait in.
func (p *Proxy) Buffers() *buffer.Space { return p.buffers }
