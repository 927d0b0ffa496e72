package plan

import (
	"fmt"
	"strings"
)

// What one client can have of all buffers; engine/buffer has these bounds.
const (
	bufferShare  = 4        // a quarter of buffer_limit
	bufferInside = 64 << 10 // bytes of a buffer that wait in memory
	// leastMemory is a quarter for one body: what waits in memory of it, and two pages
	// on their way to its file.
	leastMemory = bufferShare * (bufferInside + 32<<10)
)

// shortBuffers warns about buffers that can never hold what they are to hold, and
// about a folder in which no file will be.
func shortBuffers(p *Plan) (out []Problem) {
	share := p.BufferLimit / bufferShare
	most, why := bufferInside+share, "a client gets a quarter of `buffer_limit`"
	label := fmt.Sprintf("one client can have at most %s waiting in files", strings.Trim(Bytes(share).String(), `"`))
	switch {
	case p.BufferMemory == 0:
		most, why, label = 0, "`buffer_memory` is 0", "nothing can wait"
	case p.BufferLimit == 0:
		why, label = "`buffer_limit` is 0", "64KiB of it can wait, in memory"
	}
	if p.BufferDir != "" && (p.BufferLimit == 0 || p.BufferMemory == 0) {
		out = append(out, Problem{
			Code: CodeShortBuffer, Warning: true,
			Message: fmt.Sprintf("`buffer_dir` has no effect: %s, so there are no files", why),
			Label:   "remove it",
			Place:   Place{Argument: "buffer_dir"},
		})
	}
	if p.BufferMemory > 0 && p.BufferMemory < leastMemory {
		out = append(out, Problem{
			Code: CodeShortBuffer, Warning: true,
			Message: "`buffer_memory` is too small for the body of one client, which gets a quarter of it",
			Label:   fmt.Sprintf("use at least %s, or 0 for no buffers", Bytes(leastMemory)),
			Place:   Place{Argument: "buffer_memory"},
		})
	}
	short := func(size int64, what string, at Place) {
		if size <= most {
			return
		}
		out = append(out, Problem{
			Code: CodeShortBuffer, Warning: true,
			Message: fmt.Sprintf("%s is larger than what can wait: %s", what, why),
			Label:   label, Place: at,
		})
	}
	for _, group := range p.Groups {
		for _, b := range []struct {
			argument string
			size     BufferSize
		}{{"request_buffer", group.RequestBuffer}, {"response_buffer", group.ResponseBuffer}} {
			if b.size.Set {
				short(b.size.Bytes, fmt.Sprintf("`%s` of group %q", b.argument, group.Name), Place{Group: group, Argument: b.argument})
			}
		}
		for i := range group.Routes {
			r := &group.Routes[i]
			if o := r.Override; o != nil && o.RequestBuffer != nil {
				short(*o.RequestBuffer, fmt.Sprintf("`request_buffer` of route %s", r), Place{Group: group, Route: r})
			}
		}
	}
	return out
}
