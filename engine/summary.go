package engine

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ldcorn/ldcorn/engine/supervisor"
	"github.com/ldcorn/ldcorn/engine/visible"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// summary says why a reload failed, in one line, and where to read more.
func summary(err error) string {
	start, back := new(supervisor.StartError), new(supervisor.RollbackError)
	if !errors.As(err, &start) {
		line, _, more := strings.Cut(err.Error(), "\n")
		if more {
			line += "; ldcorn status --json shows all of it"
		}
		return line
	}
	out := visible.FirstLine(start.Summary())
	if last := worker.LastWord(start.Stderr); last != "" {
		out += "; it wrote: " + last
	}
	if errors.As(err, &back) {
		out += "; " + visible.FirstLine(back.Outcome())
	}
	return fmt.Sprintf("%s; ldcorn logs %s shows more", out, start.Group)
}
