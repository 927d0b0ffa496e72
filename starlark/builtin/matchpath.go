package builtin

import (
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// pathWords are the words for matchers of the path.
func pathWords() []matcherWord {
	return []matcherWord{
		{Word{Name: "path", Doc: "Matches one path, or some, and nothing below.", Arguments: []Argument{
			some("paths", "str", `each begins with "/"`, "The paths, decoded.", `"/health"`, "path")}},
			func(c *call, have map[string]*given) match.Matcher {
				return match.Path(c.texts(have["paths"], match.CheckPath)...)
			}},
		{Word{Name: "prefix", Doc: "Matches a path and all that is below it; \"/ml\" does not match \"/mlx\".", Arguments: []Argument{
			some("prefixes", "str", `each begins with "/"`, "The first segments of the path, decoded.", `"/api"`, "prefix", "path", "paths")}},
			func(c *call, have map[string]*given) match.Matcher {
				return match.Prefix(c.texts(have["prefixes"], match.CheckPath)...)
			}},
		{Word{Name: "glob", Doc: "Matches the path by a glob: * stays in a segment, ** does not, a final /* takes all below.", Arguments: []Argument{
			{Name: "pattern", Type: "str", Required: true, Doc: "The glob.", Example: `"/files/**.png"`, aka: []string{"glob", "path"}}}},
			func(c *call, have map[string]*given) match.Matcher {
				return c.patternMatcher(have["pattern"], pathGlob)
			}},
		{Word{Name: "regex", Doc: "Matches a path in which a regular expression is found; ^ and $ are its start and end.", Arguments: []Argument{
			{Name: "pattern", Type: "str", Required: true, Rule: "RE2", Doc: "The regular expression.", Example: `r"^/v[12]/"`, aka: []string{"regex", "expr", "re"}}}},
			func(c *call, have map[string]*given) match.Matcher {
				return c.patternMatcher(have["pattern"], match.Regex)
			}},
	}
}

// pathGlob makes a glob, and refuses one that no path fits.
func pathGlob(s string) (match.Matcher, error) {
	m, err := match.Glob(s)
	if err == nil && !match.IsPatternStart(s) {
		err = match.CheckPath(s)
	}
	return m, err
}

func (c *call) patternMatcher(g *given, make func(string) (match.Matcher, error)) match.Matcher {
	if g == nil {
		return nil
	}
	s, err := value.String(g.value)
	if err != nil {
		c.wrongValue(g, err)
		return nil
	}
	m, err := make(s)
	if err != nil {
		c.wrong(g.span, c.word.Name+"("+value.Quote(s)+")", codeRoute, err)
	}
	return m
}
