package builtin

import (
	"fmt"
	"regexp"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// router reads the function of LdConfig's router=. It returns nil if there is
// none.
func (c *call) router(g *given) *starlark.Function {
	fn, ok := g.value.(*starlark.Function)
	switch {
	case g.value == starlark.None:
		return nil
	case !ok:
		c.wrongValue(g, value.WrongType("a function of one argument, the request", g.value, routerLabel(g.value)))
		return nil
	}
	least, most := positionals(fn)
	if least > 1 || most < 1 {
		d := diag.Diagnostic{Code: codeRouter, Span: g.span,
			Message: fmt.Sprintf("a router must take one argument, the request, but `%s` takes %s", fn.Name(), parameters(least, most)),
			Label:   "write def " + fn.Name() + "(req):"}
		if fn.Name() == "lambda" {
			d.Label = "write lambda req: …"
		}
		if pos := fn.Position(); diag.InFile(pos) {
			d.Related = []diag.Related{{Span: c.session.opts.Sources.Word(diag.At(pos)), Label: "defined here"}}
		}
		c.report(d)
		return nil
	}
	// If the function were not frozen, two requests could change it at the same
	// time.
	fn.Freeze()
	return fn
}

var identifier = regexp.MustCompile(`^[A-Za-z_]\w*$`)

func routerLabel(v starlark.Value) string {
	switch v := v.(type) {
	case starlark.String:
		if identifier.MatchString(string(v)) {
			return fmt.Sprintf("write %s, without quotes", string(v))
		}
	case *starlark.Builtin:
		return "write def route(req): … and router=route"
	case *Decision:
		return "write def route(req): return … and router=route"
	}
	return ""
}

// positionals returns how many positional arguments a function needs and how
// many it takes at most. If an argument must be passed by name, least is too
// large for any call.
func positionals(fn *starlark.Function) (least, most int) {
	most = fn.NumParams() - fn.NumKwonlyParams()
	named := most
	for _, has := range []bool{fn.HasVarargs(), fn.HasKwargs()} {
		if has {
			most--
			named--
		}
	}
	for i := range fn.NumParams() {
		switch required := fn.ParamDefault(i) == nil; {
		case i < named && required:
			least++
		case i >= named && i < named+fn.NumKwonlyParams() && required:
			least += 2
		}
	}
	if fn.HasVarargs() {
		most = noLimit
	}
	return least, most
}

func parameters(least, most int) string {
	switch {
	case most == 0:
		return "none"
	case least == most || least > 1:
		return fmt.Sprint(least)
	}
	return fmt.Sprintf("%d to %d", least, most)
}
