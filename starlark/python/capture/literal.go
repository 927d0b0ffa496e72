package capture

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

const width = 88 // characters of a line, where possible

// Starlark returns the configuration as literals, secrets too. Arguments returns
// the names of the arguments of a word, in order.
func (r *Result) Starlark(arguments func(word string) []string) (string, error) {
	text, _, err := r.write(&printer{arguments: arguments})
	return text, err
}

// SecretWord is the name of the function that makes a secret of a text in a Program
// and in the text of a Call. A second argument says that the text is data of a file.
const SecretWord = "_secret"

// A Program is a configuration as literals, for the interpreter.
type Program struct {
	Text   string
	Calls  []Place // of LdConfig and each WorkerGroup, in the order of the text; where Python called it
	Before []Call  // the statements before the configuration
}

// Program returns the configuration as a program. Variables that the file has set
// are secrets there, and so are values of env= that it has read. The program repeats
// the calls that declare an argument or read a file.
func (r *Result) Program(arguments func(word string) []string) (*Program, error) {
	text, calls, err := r.write(&printer{arguments: arguments, hide: true})
	var before []Call
	var statements strings.Builder
	for _, c := range r.Calls {
		if c.Word == "secret" || c.Word == "env" || strings.HasPrefix(c.Word, "env.") { // Read has it
			continue
		}
		before = append(before, c)
		statements.WriteString(c.Text + "\n")
	}
	return &Program{Text: statements.String() + text, Calls: calls, Before: before}, err
}

func (r *Result) write(p *printer) (string, []Place, error) {
	var config value
	if err := json.Unmarshal(r.Config, &config); err != nil {
		return "", nil, err
	}
	for _, v := range r.Set {
		p.set = append(p.set, value{text: strconv.Quote(v.Name)})
		p.setTo = append(p.setTo, value{text: strconv.Quote(v.Value), secret: SecretWord + "(" + strconv.Quote(v.Value) + ")"})
	}
	p.write(&config, 0, len("config = "))
	return "config = " + p.out.String() + "\n", p.calls(&config), nil
}

type printer struct {
	out        strings.Builder
	arguments  func(word string) []string
	hide       bool // write secrets as secrets
	set, setTo []value
}

// calls returns the places of the calls in a value, in the order of its text.
func (p *printer) calls(v *value) []Place {
	var out []Place
	if v.call == "LdConfig" || v.call == "WorkerGroup" {
		out = append(out, v.at)
	}
	_, _, _, parts := p.parts(v)
	for i := range parts {
		out = append(out, p.calls(&parts[i])...)
	}
	return out
}

// withEnv returns a group with the variables that the file has set.
func (p *printer) withEnv(v *value) *value {
	if v.call != "WorkerGroup" || len(p.set) == 0 {
		return v
	}
	group := *v
	group.names, group.entries = slices.Clone(v.names), slices.Clone(v.entries)
	i := slices.Index(group.names, "env")
	if i < 0 {
		group.names, group.entries = append(group.names, "env"), append(group.entries, value{keys: []value{}, entries: []value{}})
		i = len(group.names) - 1
	}
	env := group.entries[i]
	if env.keys == nil {
		return v // a mistake, which is reported
	}
	own := func(name value) bool {
		return slices.ContainsFunc(group.entries[i].keys, func(k value) bool { return k.text == name.text })
	}
	env.keys, env.entries = nil, nil
	for k := range p.set {
		if !own(p.set[k]) {
			env.keys, env.entries = append(env.keys, p.set[k]), append(env.entries, p.setTo[k])
		}
	}
	env.keys, env.entries = append(env.keys, group.entries[i].keys...), append(env.entries, group.entries[i].entries...)
	group.entries[i] = env
	return &group
}

// write writes a value that begins at a column, on one line if it fits.
func (p *printer) write(v *value, indent, col int) {
	if line := p.line(v); v.call != "LdConfig" && col+len(line) <= width {
		p.out.WriteString(line)
		return
	}
	open, end, labels, parts := p.parts(v)
	if len(parts) == 0 {
		p.out.WriteString(open + end)
		return
	}
	p.out.WriteString(open + "\n")
	for i := range parts {
		p.out.WriteString(strings.Repeat(" ", indent+4) + labels[i])
		p.write(&parts[i], indent+4, indent+4+len(labels[i])+1)
		p.out.WriteString(",\n")
	}
	p.out.WriteString(strings.Repeat(" ", indent) + end)
}

// line writes a value on one line.
func (p *printer) line(v *value) string {
	open, end, labels, parts := p.parts(v)
	out := make([]string, len(parts))
	for i := range parts {
		out[i] = strings.Replace(labels[i], " = ", "=", 1) + p.line(&parts[i])
	}
	return open + strings.Join(out, ", ") + end
}

// parts splits a value into its delimiters and its parts, each with the label
// before it.
func (p *printer) parts(v *value) (open, end string, labels []string, parts []value) {
	v = p.withEnv(v)
	switch {
	case v.call != "":
		names := p.arguments(v.call)
		for _, i := range byTable(v.names, names) {
			label := v.names[i] + " = "
			if v.names[i] == "" {
				label = ""
			}
			labels, parts = append(labels, label), append(parts, v.entries[i])
		}
		return v.call + "(", ")", labels, parts
	case v.isList:
		return "[", "]", make([]string, len(v.list)), v.list
	case v.keys != nil:
		for i := range v.keys {
			labels = append(labels, p.line(&v.keys[i])+": ")
		}
		return "{", "}", labels, v.entries
	}
	if p.hide && v.secret != "" {
		return v.secret, "", nil, nil
	}
	return v.text, "", nil, nil
}

// byTable returns the indexes of names in the order of a table. Names that the
// table lacks come last.
func byTable(names, table []string) []int {
	rank := func(i int) int {
		if names[i] == "" {
			return -1
		}
		if at := slices.Index(table, names[i]); at >= 0 {
			return at
		}
		return len(table)
	}
	out := make([]int, len(names))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(a, b int) int { return cmp.Compare(rank(a), rank(b)) })
	return out
}
