package builtin

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

func setUvicornArgs(c *call, g *given, p *plan.Group) {
	elems, err := value.List(g.value, `options, such as ["--http", "h11"]`)
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	p.UvicornArgs = nil
	for i, e := range elems {
		if value.IsUnset(e) {
			continue
		}
		s, err := value.NumberString(e)
		if err != nil {
			c.wrongValue(g, &value.ElementError{Index: i, Err: err})
			continue
		}
		if len(s) >= maxSystemString {
			c.wrongValue(g, &value.ElementError{Index: i, Err: value.Wrong("", "has %d bytes, but the system takes at most %d", len(s), maxSystemString-1)})
			continue
		}
		if c.uvicornArg(s, c.element(g, i)) {
			p.UvicornArgs = append(p.UvicornArgs, s)
		}
	}
}

// uvicornArg reports whether an option can be passed to Uvicorn.
func (c *call) uvicornArg(s string, span diag.Span) bool {
	option, val, _ := strings.Cut(s, "=")
	if r, ok := plan.RefuseOption(strings.TrimSpace(firstWord(option))); ok {
		d := diag.Diagnostic{
			Code: codeUvicorn, Span: span,
			Message: fmt.Sprintf("`uvicorn_args` cannot set %s: %s", firstWord(option), r.Why),
			Label:   "remove it",
		}
		if r.Instead != "" {
			d.Label = "use " + r.Instead
		}
		c.report(d)
		return false
	}
	if strings.HasPrefix(s, "--") && strings.ContainsAny(option, " \t") {
		words := strings.Fields(option + val)
		for i := range words {
			words[i] = strconv.Quote(words[i])
		}
		c.wrong(span, "`uvicorn_args`", codeValue, value.Wrong("write "+strings.Join(words, ", "), "holds an option and its value in one string: %s", value.Quote(s)))
		return false
	}
	return true
}

func firstWord(s string) string {
	if words := strings.Fields(s); len(words) > 0 {
		return words[0]
	}
	return s
}
