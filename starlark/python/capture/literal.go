package capture

import (
	"cmp"
	"slices"
	"strings"
)

const width = 88 // characters of a line, where possible

// Starlark returns the configuration as literals. Arguments returns the names
// of the arguments of a word, in order.
func (r *Result) Starlark(arguments func(word string) []string) string {
	p := &printer{arguments: arguments}
	p.write(&r.config, 0, len("config = "))
	return "config = " + p.out.String() + "\n"
}

type printer struct {
	out       strings.Builder
	arguments func(word string) []string
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
	switch {
	case v.call != "":
		names := p.arguments(v.call)
		for i := range v.args {
			label := ""
			if i < len(names) {
				label = names[i] + " = "
			}
			labels = append(labels, label)
		}
		parts = append(parts, v.args...)
		for _, i := range byTable(v.names, names) {
			labels, parts = append(labels, v.names[i]+" = "), append(parts, v.entries[i])
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
	return v.text, "", nil, nil
}

// byTable returns the indexes of names in the order of a table. Names that the
// table lacks come last.
func byTable(names, table []string) []int {
	rank := func(i int) int {
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
