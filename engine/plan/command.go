package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Command is a program that runs to its end beside the workers, in the folder and
// the environment of a group.
type Command struct {
	Args    []string      // the program and its arguments, at least one
	Of      string        // the group; "" means the first one
	Timeout time.Duration // after which it is ended; 0 means no limit
}

// DefaultCommandTimeout is the limit of a command of before_start without its own.
const DefaultCommandTimeout = 10 * time.Minute

// Line returns the program and its arguments, as a shell would show them.
func (c *Command) Line() string {
	out := make([]string, len(c.Args))
	for i, a := range c.Args {
		if out[i] = a; a == "" || strings.ContainsAny(a, " \t\r\n\"'\\$`") {
			out[i] = strconv.Quote(a)
		}
	}
	return strings.Join(out, " ")
}

// Program returns the program alone. Its arguments may hold secrets.
func (c *Command) Program() string { return c.Args[0] }

// String returns the command as the configuration writes it.
func (c Command) String() string {
	if c.Of == "" && c.Timeout == DefaultCommandTimeout {
		return showList(c.Args)
	}
	return "command(" + showList(c.Args) + c.rest(DefaultCommandTimeout) + ")"
}

// rest returns the arguments after the program, without those that have their defaults.
func (c *Command) rest(timeout time.Duration) (out string) {
	if c.Of != "" {
		out += fmt.Sprintf(", of=%q", c.Of)
	}
	if c.Timeout != timeout {
		out += ", timeout=" + Seconds(c.Timeout).String()
	}
	return out
}

// Equal reports whether two commands are the same.
func (c *Command) Equal(o *Command) bool {
	return slices.Equal(c.Args, o.Args) && c.Of == o.Of && c.Timeout == o.Timeout
}

// GroupOf returns the group in whose folder and environment a command runs. It returns
// nil for a plan without that group.
func (p *Plan) GroupOf(c *Command) *Group {
	switch {
	case c.Of != "":
		return p.Group(c.Of)
	case len(p.Groups) > 0:
		return p.Groups[0]
	}
	return nil
}

var commandAttributes = []planAttribute{
	{Name: "before_start", Type: "list[str | command] | command", Default: "[]", Effect: EffectSupervisor,
		Rule: "a program and its arguments, such as `[\"alembic\", \"upgrade\", \"head\"]`; or one `command` or several",
		Doc: "What runs to its end before the first worker starts, and before a reload replaces workers or adds a group. If it fails, nothing changes. " +
			"Saves under --watch, `ldcorn restart`, `ldcorn scale` and restarts after crashes do not run it.",
		OtherNames: []string{"pre_start", "prestart", "on_starting", "exec_start_pre", "migrate", "migrations", "release_command", "on_startup", "before_reload", "pre_deploy"},
		Show:       func(p *Plan) string { return showCommands(p.BeforeStart) },
		Same: func(a, b *Plan) bool {
			return slices.EqualFunc(a.BeforeStart, b.BeforeStart, func(x, y Command) bool { return x.Equal(&y) })
		},
		Copy: func(to, from *Plan) { to.BeforeStart = from.BeforeStart }},
	hookAttribute,
}

func showCommands(all []Command) string {
	if len(all) == 1 {
		return all[0].String()
	}
	out := make([]string, len(all))
	for i := range all {
		c := &all[i]
		out[i] = "command(" + showList(c.Args) + c.rest(DefaultCommandTimeout) + ")"
	}
	return showPlain(out)
}

// unknownOf reports commands of groups that the plan does not have.
func unknownOf(p *Plan) (out []Problem) {
	for i := range p.BeforeStart {
		out = append(out, p.unknownGroup(&p.BeforeStart[i], "before_start")...)
	}
	for i := range p.OnEvent {
		if h := &p.OnEvent[i]; !h.IsWebhook() {
			out = append(out, p.unknownGroup(&h.Command, "on_event")...)
		}
	}
	return out
}

func (p *Plan) unknownGroup(c *Command, argument string) []Problem {
	if p.GroupOf(c) != nil || len(p.Groups) == 0 {
		return nil
	}
	names := make([]string, len(p.Groups))
	for i, g := range p.Groups {
		names[i] = g.Name
	}
	return []Problem{{
		Code:    CodeUnknownOf,
		Message: fmt.Sprintf("there is no group %q, of which `%s` runs %s", c.Of, argument, c.Args[0]),
		Label:   "the groups are " + strings.Join(names, ", "),
		Place:   Place{Argument: argument},
	}}
}

// startsCode reports whether the changes start workers in place of others, or those of a
// group that is new: with code that may differ from the code that runs.
func (c *Changes) startsCode() bool {
	return slices.ContainsFunc(c.Groups, func(g Change) bool { return g.Action == Add || g.Action == Replace })
}
