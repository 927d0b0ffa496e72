package builtin

import (
	"fmt"
	"strings"
	"time"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A Command is the value of command.
type Command struct {
	opaque
	spec plan.Command // has no Args if the call was wrong, which has been reported
}

// String returns a call that makes the command.
func (v *Command) String() string { return v.spec.String() }

// Arguments that the words for programs have in common.
var (
	argsArgument = Argument{Name: "args", Type: "list[str]", Required: true, Rule: "the program and its arguments; no shell reads them",
		Doc: "What to run. A program without a slash is looked for in PATH, which begins with the folder of the group's interpreter: that of its virtual environment. A path starts at the folder of the group.", Example: `["alembic", "upgrade", "head"]`, aka: []string{"command", "cmd", "argv", "run", "program"}}
	ofArgument = Argument{Name: "of", Type: "str | None", Keyword: true, Default: "None",
		Doc: "The group in whose folder and environment it runs; None means the first one.", Example: `of="api"`, aka: []string{"group", "name", "worker_group", "pool"}}
)

func commandWord() Word {
	return Word{Name: "command", Returns: "command",
		Doc:       "A program for `before_start` of LdConfig, with more than its arguments.",
		Arguments: argumentsOf(commandFields),
		surplus:   `write one list, as in command(["alembic", "upgrade", "head"])`}
}

var commandFields = []field[plan.Command]{
	{argsArgument, setArgs},
	{ofArgument, setOf},
	{timeoutArgument(plan.DefaultCommandTimeout, "How long it may run. Then it is told to exit with TERM, killed after 5 seconds, and has failed.", "0 = no limit"), setTimeout},
}

// timeoutArgument returns the argument timeout.
func timeoutArgument(def time.Duration, doc, rule string) Argument {
	return Argument{Name: "timeout", Type: "duration", Keyword: true, Default: plan.Seconds(def).String(), Unit: "seconds", Rule: rule, Doc: doc,
		aka: []string{"limit", "max_time", "deadline"}}
}

func setArgs(c *call, g *given, p *plan.Command) { p.Args = c.programArgs(g) }

func setOf(c *call, g *given, p *plan.Command) { p.Of, _ = optionalString(c, g) }

func setTimeout(c *call, g *given, p *plan.Command) {
	d, err := value.Duration(g.value)
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	p.Timeout = d
	c.checkUnit(g, g.arg.Unit, false)
}

// programArgs reads a program and its arguments, or returns nil.
func (c *call) programArgs(g *given) (out []string) {
	elems, err := value.List(g.value, `a program and its arguments, such as ["alembic", "upgrade", "head"]`)
	if err != nil {
		if s, ok := g.value.(starlark.String); ok {
			err = value.WrongType("a list of the program and its arguments", g.value, "write "+quotedWords(string(s))+`, or ["sh", "-c", …] for a line that a shell reads`)
		}
		c.wrongValue(g, err)
		return nil
	}
	if len(elems) == 0 {
		c.wrongValue(g, value.Wrong(`write the program, as in ["alembic", "upgrade", "head"]`, "is empty"))
		return nil
	}
	for i, e := range elems {
		if value.IsUnset(e) {
			return nil
		}
		s, err := value.NumberString(e)
		if _, hidden := e.(*value.Secret); hidden {
			err = value.WrongType("a string", e, "every process can read the arguments of others: give it to the program in `env` of the group")
		}
		switch {
		case err != nil:
		case strings.ContainsRune(s, 0):
			err = value.Wrong("", "holds a NUL byte")
		case len(s) >= maxSystemString:
			err = value.Wrong("", "has %d bytes, but the system takes at most %d", len(s), maxSystemString-1)
		case i == 0 && strings.TrimSpace(s) == "":
			err = value.Wrong("write the name or the path of the program", "is empty")
		case i == 0 && len(elems) == 1 && strings.ContainsRune(s, ' ') && !strings.ContainsRune(s, '/'):
			err = value.Wrong("write "+quotedWords(s), "holds the program and its arguments in one string: %s", value.Quote(s))
		}
		if err != nil {
			c.wrongValue(g, &value.ElementError{Index: i, Err: err})
			return nil
		}
		out = append(out, s)
	}
	return out
}

// quotedWords returns a list with the words of a text.
func quotedWords(s string) string {
	words := strings.Fields(s)
	for i := range words {
		words[i] = value.Quote(words[i])
	}
	return "[" + strings.Join(words, ", ") + "]"
}

// command implements the word command.
func (s *Session) command(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	out := &Command{opaque: "command", spec: plan.Command{Timeout: plan.DefaultCommandTimeout}}
	r := read(s, thread, b.Name(), commandFields, args, kwargs, &out.spec)
	if r.call.failed {
		out.spec.Args = nil
	}
	return out, r.end()
}

// setBeforeStart reads one command, as a list of strings or a command, or several.
func setBeforeStart(c *call, g *given, p *plan.Plan) {
	p.BeforeStart = nil
	if one, ok := g.value.(*Command); ok {
		addCommand(p, one)
		return
	}
	elems, err := value.List(g.value, "")
	if err == nil && len(elems) == 0 {
		return
	}
	if err != nil || !hasCommand(elems) {
		if g.value == starlark.None {
			c.wrongValue(g, value.WrongType("a program and its arguments", g.value, "omit the argument, or write []"))
		} else if args := c.programArgs(g); args != nil {
			p.BeforeStart = []plan.Command{{Args: args, Timeout: plan.DefaultCommandTimeout}}
		}
		return
	}
	for i, e := range elems {
		one, ok := e.(*Command)
		switch {
		case value.IsUnset(e):
		case !ok:
			c.wrongValue(g, &value.ElementError{Index: i, Err: value.WrongType("a command, as another element is", e, commandLabel(e))})
		default:
			addCommand(p, one)
		}
	}
}

// addCommand adds a command, unless its call was wrong.
func addCommand(p *plan.Plan, one *Command) {
	if one.spec.Args != nil {
		p.BeforeStart = append(p.BeforeStart, one.spec)
	}
}

// hasCommand reports whether the elements of a list are commands, or meant to be.
func hasCommand(elems []starlark.Value) bool {
	for _, e := range elems {
		switch e.(type) {
		case *Command, *starlark.List, starlark.Tuple:
			return true
		}
	}
	return false
}

func commandLabel(v starlark.Value) string {
	switch v := v.(type) {
	case *starlark.List, starlark.Tuple:
		return fmt.Sprintf("write command(%v)", v)
	case starlark.String:
		return "write command(" + quotedWords(string(v)) + ")"
	}
	return ""
}
