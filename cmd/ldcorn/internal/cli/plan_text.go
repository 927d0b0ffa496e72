package cli

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// The symbols of a plan.
const (
	symKeep    = "="
	symChange  = "~"
	symAdd     = "+"
	symRemove  = "-"
	symReplace = "±"
	symAction  = "!"
	symRun     = ">"
)

// symColors are the colors of the symbols, as SGR codes. Nothing changes it.
var symColors = map[string]string{symKeep: "2", symChange: "33", symAdd: "32", symRemove: "31", symReplace: "35", symAction: "1;31", symRun: "36"}

// A planLine is a line of a plan: of a group, or of one of its attributes.
type planLine struct {
	symbol string
	label  string // the group, perhaps after a number of workers, or the attribute
	text   string
	note   string
	sub    bool // it is about an attribute
	before string
	after  string
}

// writePlan prints a report for people.
func writePlan(w io.Writer, r *api.Plan, l terminal.Look, verbose bool) error {
	var b strings.Builder
	b.WriteString(terminal.Wrap(fmt.Sprintf("ldcorn plan: %s against %s\n", shownPath(r.Config), baseName(r.Against)), l.Width))
	writePython(&b, shownPath(r.Config), r.Python)
	for _, a := range r.Args {
		fmt.Fprintf(&b, "args %s %s -> %s\n", a.Name, cut(a.Before), cut(a.After))
	}
	b.WriteString("\n")
	if verbose {
		inputs := make([]plan.Input, len(r.Inputs))
		for i, in := range r.Inputs {
			inputs[i] = plan.Input{Kind: plan.InputKind(in.Kind), Name: in.Name, Digest: in.Digest, Value: in.Value}
		}
		_ = writeInputs(&b, inputs) // a write to memory never fails
		b.WriteString("\n")
	}
	(planTable{l}).write(&b, planLines(r))
	var end strings.Builder
	_ = writeWarnings(&end, r.Diagnostics, l.Width) // a write to memory never fails
	s := r.Summary
	fmt.Fprintf(&end, "Plan: %d add, %d change, %d replace, %d remove, %d keep", s.Add, s.Change, s.Replace, s.Remove, s.Keep)
	if s.NeedAction > 0 {
		fmt.Fprintf(&end, "; %d need action", s.NeedAction)
	}
	fmt.Fprintf(&end, ". Processes %d -> %d, peak %d", r.Processes.Before, r.Processes.After, r.Processes.Peak)
	if r.Limited {
		fmt.Fprintf(&end, "; replaced %d at a time (reload_surge)", r.AtOnce)
	}
	end.WriteString(".\n")
	if r.Against.Stopping {
		end.WriteString("The master is stopping, and takes no reload: this is for its next start.\n")
	}
	b.WriteString(terminal.Wrap(end.String(), l.Width))
	_, err := io.WriteString(w, b.String())
	return err
}

// writeWarnings prints each warning about a configuration, and what to do, for a reader
// of a width, which is 0 for no limit.
func writeWarnings(w io.Writer, warnings []api.PlanWarning, width int) error {
	for _, d := range warnings {
		line := fmt.Sprintf("warning[%s] %s: %s", d.Code, d.At, d.Message)
		if d.Hint != "" {
			line += "\nhint: " + d.Hint
		}
		if _, err := fmt.Fprintln(w, terminal.WrapRemark(line, width)); err != nil {
			return err
		}
	}
	return nil
}

func baseName(b api.PlanBase) string {
	switch b.Kind {
	case api.BaseMaster:
		return fmt.Sprintf("pid %d, generation %d, up %s", b.PID, b.Generation, control.Age(b.UpFor()))
	case api.BaseNothing:
		return "nothing"
	}
	return shownPath(b.Name)
}

func planLines(r *api.Plan) []planLine {
	var out []planLine
	for _, c := range r.BeforeStart {
		command := plan.Command{Args: c.Command}
		out = append(out, planLine{symbol: symRun, label: "before_start", text: "run " + command.Line(), note: "of " + c.Group})
	}
	for i := range r.Groups {
		out = append(out, groupLines(r, &r.Groups[i])...)
	}
	for i := range r.Listeners {
		out = append(out, listenerLines(&r.Listeners[i])...)
	}
	if len(r.Settings) > 0 {
		out = append(out, planLine{symbol: symChange, label: "LdConfig", text: "update in place"})
		out = append(out, attributeLines(r.Settings, "", "")...)
	}
	for _, c := range r.Restart {
		out = append(out, planLine{symbol: symAction, label: c.Name, text: "left as it is", note: plan.RestartAdvice})
		out = append(out, attributeLines([]api.PlanChange{c}, "", "")...)
	}
	return out
}

// listenerLines returns the lines about a listener, unless it stays as it is.
func listenerLines(l *api.PlanListener) []planLine {
	line := planLine{label: "bind", note: l.Hint}
	switch l.Action {
	case api.ActionAdd:
		line.symbol, line.text = symAdd, "listen on "+l.Address
	case api.ActionRemove:
		line.symbol, line.text = symRemove, "stop listening on "+l.Address
		if line.note == "" {
			line.note = "closes last"
		}
	case api.ActionUpdate:
		line.symbol, line.text = symChange, "update "+l.Address+" in place"
	default:
		return nil
	}
	if l.Restart {
		line.symbol, line.text, line.note = symAction, l.Address+" left as it is: "+l.Reason, plan.RestartAdvice
	}
	return append([]planLine{line}, attributeLines(l.Changes, "", "")...)
}

// groupLines returns the lines about a group: the changes that a reload applies, and
// those that it leaves.
func groupLines(r *api.Plan, g *api.PlanGroup) []planLine {
	line := planLine{label: g.Name, note: g.Hint}
	force := ""
	switch n := g.Workers; g.Action {
	case api.ActionKeep:
		line.symbol, line.text = symKeep, terminal.Count(n.After, "worker")+" kept"
	case api.ActionUpdate:
		line.symbol, line.text = symChange, "update in place"
	case api.ActionResize:
		line.symbol, line.text = symAdd, fmt.Sprintf("resize %d -> %d", n.Before, n.After)
		if n.Stop > 0 {
			line.symbol = symRemove
		}
		line.label = fmt.Sprintf("%d %s", n.Start+n.Stop, g.Name)
	case api.ActionReplace:
		line.symbol, line.text, force = symReplace, "replace "+terminal.Count(n.Before, "worker"), "forces replacement"
		if n.Before != n.After {
			line.text += fmt.Sprintf(" by %d", n.After)
		}
		line.note = cmp.Or(g.Hint, replaceNote(g))
	case api.ActionAdd:
		line.symbol, line.text = symAdd, "add "+terminal.Count(n.After, "worker")
	case api.ActionRemove:
		line.symbol, line.text = symRemove, "remove "+terminal.Count(n.Before, "worker")
	}
	var out []planLine
	if g.Action != api.ActionKeep || len(g.Pinned) == 0 {
		out = append(out, line)
	}
	skip := ""
	if g.Action == api.ActionResize {
		skip = "instances" // the line of the group has them
	}
	out = append(out, attributeLines(g.Changes, force, skip)...)
	if len(g.Pinned) > 0 {
		out = append(out, planLine{symbol: symAction, label: g.Name, text: "pinned: " + names(g.Pinned) + " changed", note: replaceRemedy(r, g.Name)})
		out = append(out, attributeLines(g.Pinned, "", "")...)
	}
	return out
}

// replaceRemedy says how to replace a pinned group, and what that replaces as well.
func replaceRemedy(r *api.Plan, group string) string {
	var others []string
	for i := range r.Groups {
		if g := &r.Groups[i]; g.Action == api.ActionReplace && g.Name != group {
			others = append(others, g.Name)
		}
	}
	note := "ldcorn reload --replace " + group
	if len(others) > 0 {
		note += ", which also replaces " + strings.Join(others, ", ")
	}
	return note
}

// replaceNote says why a group is replaced, if its attributes do not show that.
func replaceNote(g *api.PlanGroup) string {
	for _, c := range g.Changes {
		if c.Effect == api.EffectProcess {
			return ""
		}
	}
	switch {
	case g.Reason == plan.ReasonAsked:
		return g.Reason
	case len(g.Changes) == 0:
		return "no change in the file; reload_on_sighup=True"
	}
	return "reload_on_sighup=True"
}

// attributeLines returns the lines about changed attributes, except the one to skip.
// Force is the note on changes that need new processes.
func attributeLines(changes []api.PlanChange, force, skip string) []planLine {
	var out []planLine
	for _, c := range changes {
		if c.Name == skip {
			continue
		}
		line := planLine{sub: true, symbol: symChange, label: c.Name, before: inUnit(c.Name, c.Before), after: inUnit(c.Name, c.After)}
		switch {
		case c.Effect == api.EffectProcess:
			line.note = force
		case c.Name == "admin" && c.Before != "None":
			line.note = "the old address closes last"
		case c.Default:
			line.note = "default " + withCap(c.After)
		}
		out = append(out, line)
	}
	return out
}

// withCap says whether a default that follows the cap is that of a group with one.
func withCap(value string) string {
	if value == "0" || value == strconv.Quote(string(plan.DisconnectCancel)) {
		return "without a cap"
	}
	return "with a cap"
}

// inUnit shows a value of an attribute with its unit: a plain number of seconds says
// little without its argument's documentation.
func inUnit(name, text string) string {
	if _, err := strconv.Atoi(text); err != nil || text == "0" || !inSeconds[name] {
		return text
	}
	return `"` + text + `s"`
}

// inSeconds holds the names of the attributes whose plain numbers are seconds. It is
// only read.
var inSeconds = func() map[string]bool {
	out := make(map[string]bool)
	for _, a := range plan.GroupAttributes {
		out[a.Name] = a.Unit == "seconds"
	}
	for _, a := range plan.ListenerAttributes {
		out[a.Name] = a.Unit == "seconds"
	}
	for _, a := range plan.PlanAttributes {
		out[a.Name] = a.Unit == "seconds"
	}
	return out
}()

func names(changes []api.PlanChange) string {
	out := make([]string, len(changes))
	for i, c := range changes {
		out[i] = c.Name
	}
	return strings.Join(out, ", ")
}

// How notes are laid out.
const (
	maxNoteAt  = 60     // the last column at which they are aligned
	noteMark   = "  # " // before a note
	noteIndent = 8      // of a note on a line of its own
)

// A planTable lays out the lines of a plan.
type planTable struct{ look terminal.Look }

// write lays out the lines: columns for the groups, columns for the attributes
// of each group, and one column of notes.
func (t planTable) write(b *strings.Builder, lines []planLine) {
	groups, noteAt := 0, 0
	for _, line := range lines {
		if !line.sub {
			groups = max(groups, utf8.RuneCountInString(line.label))
		}
	}
	rows := make([]string, len(lines))
	for i := range lines {
		rows[i] = t.row(lines, i, groups)
		if n := utf8.RuneCountInString(rows[i]); lines[i].note != "" && n <= maxNoteAt {
			noteAt = max(noteAt, n)
		}
	}
	for i, line := range lines {
		row := rows[i]
		n := utf8.RuneCountInString(row)
		width := t.look.Width
		long := width > 0 && n > width
		switch {
		case long && line.sub:
			row = fmt.Sprintf("      %s %s%s", line.symbol, line.label, longChange(line.before, line.after))
		case long:
			row = terminal.Wrap(row, width)
		}
		switch {
		case line.note == "":
		case long, width > 0 && max(n, noteAt)+len(noteMark)+utf8.RuneCountInString(line.note) > width:
			row += "\n" + terminal.Wrap(strings.Repeat(" ", noteIndent)+strings.TrimLeft(noteMark, " ")+line.note, width)
		default:
			row += strings.Repeat(" ", max(noteAt-n, 0)) + noteMark + line.note
		}
		b.WriteString(t.paint(row, line.symbol))
	}
	b.WriteString("\n")
}

// longChange shows a change that does not fit a line: only the elements that
// differ if it is one of a list.
func longChange(before, after string) string {
	if before == after {
		return "\n          " + before + ", with another secret"
	}
	removed, added, ok := listChange(before, after)
	if !ok {
		return fmt.Sprintf("\n          %s\n       -> %s", before, after)
	}
	var b strings.Builder
	for _, e := range removed {
		b.WriteString("\n        - " + e)
	}
	for _, e := range added {
		b.WriteString("\n        + " + e)
	}
	return b.String()
}

// row returns a line without its note.
func (t planTable) row(lines []planLine, i, groups int) string {
	line := lines[i]
	if !line.sub {
		return fmt.Sprintf("  %s %s  %s", line.symbol, terminal.Pad(line.label, groups), line.text)
	}
	from, to := i, i
	for from > 0 && lines[from-1].sub {
		from--
	}
	for to < len(lines) && lines[to].sub {
		to++
	}
	width := 0
	for _, other := range lines[from:to] {
		width = max(width, len(other.label))
	}
	change := line.before + " -> " + line.after
	if line.before == line.after {
		change = line.before + ", with another secret"
	}
	return fmt.Sprintf("      %s %s  %s", line.symbol, terminal.Pad(line.label, width), change)
}

// paint returns a row with its end, and with its symbol in color or in ASCII.
func (t planTable) paint(row, symbol string) string {
	shown := symbol
	if t.look.ASCII && symbol == symReplace {
		shown = "+/-"
	}
	if t.look.Color {
		shown = "\x1b[" + symColors[symbol] + "m" + shown + "\x1b[0m"
	}
	return strings.Replace(row, symbol, shown, 1) + "\n"
}
