package terminal

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestProgress(t *testing.T) {
	var out strings.Builder
	steps := func(p *Progress) string {
		out.Reset()
		p.Show("api", "starting")
		p.Show("api", "starting")
		p.Show("api", "")
		p.Show("web\x1b", "starting at once")
		p.End()
		p.Show("api", "done")
		return out.String()
	}
	assert.Equal(t, "api: starting\nweb\x1b: starting at once\napi: done\n", steps(NewProgress(&out, Look{})), "out is a writer that makes it harmless")
	const clear = "\r\x1b[2K"
	assert.Equal(t, clear+"  api  starting\n"+
		"\x1b[1A"+clear+"  api   starting\n"+clear+`  web\x1b  startin`+"\n"+
		clear+"  api  done\n", steps(&Progress{out: &out, live: true, width: 19, lines: make(map[string]string)}))
}
