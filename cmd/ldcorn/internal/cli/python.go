package cli

import (
	"fmt"
	"io"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// writePython says how a configuration in Python was read.
func writePython(w io.Writer, path string, use *api.PythonUse) {
	if use == nil {
		return
	}
	fmt.Fprintln(w, use.Sentence(path))
}

// pythonOf returns how the configuration of a plan was read if it is Python. The
// plan can be nil.
func pythonOf(p *plan.Plan) *api.PythonUse {
	if p == nil {
		return nil
	}
	return p.Python
}
