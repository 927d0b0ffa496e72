package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/machine"
	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/visible"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// verdict says how good a configuration without errors is.
func verdict(r *diag.Report) string {
	if slices.ContainsFunc(r.Diagnostics, func(d diag.Diagnostic) bool { return d.Code == machine.Code }) {
		return "fine, but this machine lacks something for it (" + machine.Code + ")"
	}
	return "fine"
}

// writeSummary prints the verdict, and a line for each group of a plan.
func writeSummary(w io.Writer, path, verdict string, p *plan.Plan) error {
	workers, routes := 0, 0
	for _, group := range p.Groups {
		workers += group.Instances
		routes += len(group.Routes)
	}
	fmt.Fprintf(w, "%s is %s: %s, %s, %s on %s\n", path, verdict,
		terminal.Count(len(p.Groups), "group"), terminal.Count(workers, "worker"), terminal.Count(routes, "route"), listenersOf(p))
	writePython(w, path, p.Python)
	table := terminal.NewTable(w)
	for _, group := range p.Groups {
		limit := caps(group, "at most ")
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\t%s\n",
			group.Name, group.App, terminal.Count(group.Instances, "worker"), limit, routeList(group.Routes))
	}
	return table.Flush()
}

// shownListeners is how many listeners the summary names.
const shownListeners = 8

// listenersOf names the listeners of a plan.
func listenersOf(p *plan.Plan) string {
	var out []string
	for i := range p.Listeners {
		if i == shownListeners {
			out = append(out, fmt.Sprintf("and %d more", len(p.Listeners)-i))
			break
		}
		out = append(out, p.Listeners[i].Bind.String())
	}
	return strings.Join(out, ", ")
}

// caps describes how many requests a group works on at a time: by its cap, which
// follows a lead, and by the limits that it shares.
func caps(g *plan.Group, lead string) string {
	var parts []string
	if g.MaxReqPerWorker > 0 {
		parts = append(parts, lead+terminal.Count(g.MaxReqPerWorker, "request")+" each")
	}
	for _, l := range g.Limits {
		parts = append(parts, fmt.Sprintf("limit %s of %d", l.Name, l.Size))
	}
	if len(parts) == 0 {
		return "no cap"
	}
	return strings.Join(parts, ", ")
}

const shownRoutes = 8 // how many routes of a group the summary shows

func routeList(routes []plan.Route) string {
	var out []string
	for i, r := range routes {
		if i == shownRoutes {
			out = append(out, fmt.Sprintf("and %d more", len(routes)-i))
			break
		}
		out = append(out, r.Text())
	}
	return strings.Join(out, ", ")
}

const shownDigest = 12 // how many characters of a digest are shown

// cut shortens the value of an argument to what fits a line with others.
func cut(value string) string { return visible.Cut(value, shownValue) }

const shownValue = 30 // bytes

// writeInputs lists the inputs that an evaluation read, with the beginning of each
// digest.
func writeInputs(w io.Writer, inputs []plan.Input) error {
	table := terminal.NewTable(w)
	fmt.Fprintln(table, "read:")
	for _, in := range inputs {
		digest := "not set"
		if in.Kind == plan.InputArg {
			digest = cut(in.Value)
		} else if in.Digest != "" {
			digest = in.Digest[:shownDigest]
		} else if in.Kind == plan.InputFile {
			digest = "not there"
		}
		fmt.Fprintf(table, "  %s\t%s\t%s\n", in.Kind, in.Name, digest)
	}
	return table.Flush()
}
