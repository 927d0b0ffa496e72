package lsp

import (
	"context"
	"fmt"
	"strings"

	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/tests"
)

// A group is a group of a configuration.
type group struct {
	Name  string
	Place place  // of its name
	Note  string // for hovers, in Markdown
}

// A routeNote says what a route does.
type routeNote struct {
	Place place // of its first character
	Note  string
}

// notes adds the groups and the routes of a plan to the answer.
func (w *worker) notes(ctx context.Context, res *config.Result, asked tests.Options) {
	defer w.cell.Watch("explaining the routes of", w.job.Path, config.DefaultTimeout)()
	sources := res.Report.Sources
	for i, g := range res.Plan.Groups {
		w.answer.Groups = append(w.answer.Groups, group{g.Name, w.place(sources, res.GroupArgument(i, "name")), groupNote(g)})
	}
	x := &explaining{worker: w, explainer: tests.NewExplainer(asked), compare: match.NewComparer(ctx), groups: make(map[*plan.Route]string)}
	for _, g := range res.Plan.Groups {
		for i := range g.Routes {
			x.groups[&g.Routes[i]] = g.Name
		}
	}
	x.order = x.explainer.Routes()
	for i, r := range x.order {
		if i == maxRoutes {
			break
		}
		if !r.Pos.IsValid() {
			continue
		}
		at := w.place(sources, diag.Span{File: r.Pos.File, Line: r.Pos.Line, Col: r.Pos.Col})
		w.answer.Routes = append(w.answer.Routes, routeNote{at, x.note(i)})
	}
}

// groupNote describes a group.
func groupNote(g *plan.Group) string {
	routes := make([]string, 0, len(g.Routes))
	for i := range g.Routes {
		if i == 8 {
			routes = append(routes, "…")
			break
		}
		routes = append(routes, code(g.Routes[i].Written()))
	}
	requests := "any number of requests each"
	if g.MaxReqPerWorker > 0 {
		requests = fmt.Sprintf("at most %d requests each", g.MaxReqPerWorker)
	}
	workers := "1 worker"
	if g.Instances != 1 {
		workers = fmt.Sprintf("%d workers", g.Instances)
	}
	return fmt.Sprintf("**group %s** — %s, %s, %s\n\nroutes: %s", code(g.Name), code(g.App), workers, requests, strings.Join(routes, ", "))
}

// explaining explains the routes of a plan.
type explaining struct {
	*worker
	explainer *decide.Explainer
	compare   *match.Comparer
	order     []*plan.Route
	groups    map[*plan.Route]string
}

const shownBefore = 5 // routes before another one that a note names

// note says what the i-th route does: which routes are before it, and what becomes of
// a request for it.
func (x *explaining) note(i int) string {
	r := x.order[i]
	var b strings.Builder
	fmt.Fprintf(&b, "**route %s** of group %s — tried %s of %d\n", code(r.Written()), code(x.groups[r]), ordinal(i+1), len(x.order))
	shown := 0
	for _, before := range x.order[:i] {
		takes := "some"
		switch {
		case x.compare.Implies(r.Matcher, before.Matcher):
			takes = "all"
		case x.compare.GaveUp(), x.compare.Excludes(before.Matcher, r.Matcher):
			continue
		case r.IsDefault():
			continue // every route is before it, and that is its purpose
		}
		if shown++; shown > shownBefore {
			b.WriteString("\n- …\n")
			break
		}
		if shown == 1 {
			b.WriteString("\nBefore it:\n")
		}
		fmt.Fprintf(&b, "\n- %s of group %s may take %s of its requests", code(before.Written()), code(x.groups[before]), takes)
		if takes == "all" {
			break
		}
	}
	if q, ok := sample(x.explainer, r); ok {
		if e, err := x.explainer.Answer(q); err == nil {
			var text strings.Builder
			_ = x.helpers.Explain(&text, e) // it writes to memory
			for _, h := range q.Headers {
				text.WriteString("with " + h.Name + ": " + h.Value + "\n")
			}
			fmt.Fprintf(&b, "\n\n```text\n%s```\n", fence(text.String()))
		}
	}
	return b.String()
}

// ordinal writes a number as a place in an order.
func ordinal(n int) string {
	suffix := "th"
	switch {
	case n%100 >= 11 && n%100 <= 13:
	case n%10 == 1:
		suffix = "st"
	case n%10 == 2:
		suffix = "nd"
	case n%10 == 3:
		suffix = "rd"
	}
	return fmt.Sprint(n) + suffix
}

// code writes a text as code in Markdown.
func code(text string) string {
	text = strings.ReplaceAll(text, "\n", " ")
	if strings.Contains(text, "`") {
		return "`` " + text + " ``"
	}
	return "`" + text + "`"
}

// fence makes a text harmless between fences of Markdown.
func fence(text string) string { return strings.ReplaceAll(text, "```", "'''") }
