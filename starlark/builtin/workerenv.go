package builtin

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// setEnv reads the environment variables of a group's workers.
func setEnv(c *call, g *given, p *plan.Group) {
	dict, ok := g.value.(*starlark.Dict)
	if !ok {
		c.wrongValue(g, value.WrongType(`a dict, such as {"NAME": "value"}`, g.value, ""))
		return
	}
	for _, item := range dict.Items() {
		keySpan, valueSpan := c.entry(g, item[0])
		name, err := value.NumberString(item[0])
		if err != nil {
			c.wrong(keySpan, "a name in `env`", codeValue, err)
			continue
		}
		if err := checkEnvName(name); err != nil {
			code := codeValue
			if _, uvicorns := plan.RefuseVariable(name); uvicorns {
				code = codeUvicorn
			}
			c.wrong(keySpan, fmt.Sprintf("`env` name %q", name), code, err)
			continue
		}
		c.envValue(p, name, item[1], valueSpan)
	}
	slices.SortFunc(p.Env, func(a, b plan.EnvVar) int { return cmp.Compare(a.Name, b.Name) })
}

func (c *call) envValue(p *plan.Group, name string, v starlark.Value, span diag.Span) {
	if value.IsUnset(v) {
		return
	}
	subject := fmt.Sprintf("`env[%q]`", name)
	if s, ok := v.(*value.Secret); ok {
		if strings.ContainsRune(s.Reveal(), 0) {
			c.wrong(span, subject, codeValue, value.Wrong("", "holds a NUL byte"))
			return
		}
		if err := fitsSystem(len(name) + len("=") + len(s.Reveal())); err != nil {
			c.wrong(span, subject, codeValue, err)
			return
		}
		p.Env = append(p.Env, plan.Variable(name, plan.Secret(s.Reveal()), s.IsLiteral()))
		return
	}
	s, err := value.NumberString(v)
	if err == nil {
		err = fitsSystem(len(name) + len("=") + len(s))
	} else {
		if b, ok := v.(starlark.Bool); ok {
			text := map[bool]string{true: "1", false: "0"}[bool(b)]
			err = value.WrongType("a string", v, fmt.Sprintf("write %q, or what the app expects", text))
		} else if v == starlark.None {
			err = value.WrongType("a string", v, `remove the entry, or write ""`)
		}
	}
	if err != nil {
		c.wrong(span, subject, codeValue, err)
		return
	}
	p.Env = append(p.Env, plan.EnvVar{Name: name, Value: plan.Plain(s)})
}

// maxSystemString is the largest size of an argument or an environment variable
// of a process, including its final NUL: MAX_ARG_STRLEN of Linux.
const maxSystemString = 128 << 10 // bytes

// FitsSystem fails for a variable that the system cannot pass to a process. The error
// never shows the value.
func FitsSystem(name, value string) error { return fitsSystem(len(name) + len("=") + len(value)) }

// fitsSystem fails for a string that the system cannot pass to a process.
func fitsSystem(length int) error {
	if length < maxSystemString {
		return nil
	}
	return value.Wrong("put it in a file, and give the app its path", "has %d bytes with its name, but the system takes at most %d", length, maxSystemString-1)
}

// checkEnvName refuses an invalid name and a variable that ldcorn or its
// options set.
func checkEnvName(name string) error {
	switch {
	case name == "":
		return value.Wrong("", "is empty")
	case strings.ContainsAny(name, "="):
		before, _, _ := strings.Cut(name, "=")
		return value.Wrong(fmt.Sprintf("write %q: …", before), "holds a `=`")
	case !envName.MatchString(name):
		return value.Wrong("use letters, digits and _, and do not begin with a digit", "is not a name of a variable")
	case strings.HasPrefix(name, "LDCORN_"):
		return value.Wrong("choose another name", "is reserved for ldcorn")
	}
	if r, ok := plan.RefuseVariable(name); ok {
		label := "remove it"
		if r.Instead != "" {
			label = "use " + r.Instead
		}
		return value.Wrong(label, "is read by Uvicorn and cannot be set: %s", r.Why)
	}
	return nil
}
