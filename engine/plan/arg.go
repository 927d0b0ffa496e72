package plan

import "github.com/ldcorn/ldcorn/engine/api"

// An ArgChange is an argument of the configuration before and after a change, in
// the configuration's notation.
type ArgChange struct {
	Name, Before, After string
}

// argTexts returns the values of the arguments, by name.
func (p *Plan) argTexts() map[string]string {
	if p.recorded != nil {
		return p.recordedArgs
	}
	out := make(map[string]string, len(p.Args))
	for i := range p.Args {
		out[p.Args[i].Name] = p.Args[i].ValueText()
	}
	return out
}

// diffArgs returns the arguments that both plans have with different values, in the
// order of the next one.
func diffArgs(old, next *Plan) (out []ArgChange) {
	before := old.argTexts()
	for i := range next.Args {
		a := &next.Args[i]
		if was, had := before[a.Name]; had && was != a.ValueText() {
			out = append(out, ArgChange{a.Name, was, a.ValueText()})
		}
	}
	return out
}

// ListArgs returns the arguments as a document.
func (p *Plan) ListArgs() *api.Args {
	out := &api.Args{FormatVersion: api.ArgsVersion, Config: p.Path, Args: []api.Arg{}}
	out.Args = append(out.Args, p.Args...)
	return out
}
