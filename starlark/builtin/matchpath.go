package builtin

import (
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// pathWords returns the words for matchers of the path.
func pathWords() []matcherWord {
	return []matcherWord{
		{Word{Name: "path", Doc: "Matches exactly the given paths, and nothing below them.", Arguments: []Argument{
			some("paths", "str", `each begins with "/"`, "The paths, decoded.", `"/health"`, "path")}},
			func(c *call, have map[string]*given) match.Matcher {
				return match.Path(c.texts(have["paths"], match.CheckPath)...)
			}},
		{Word{Name: "prefix", Doc: "Matches a path and everything below it; \"/ml\" does not match \"/mlx\".", Arguments: []Argument{
			some("prefixes", "str", `each begins with "/"`, "The first segments of the path, decoded.", `"/api"`, "prefix", "path", "paths")}},
			func(c *call, have map[string]*given) match.Matcher {
				return match.Prefix(c.texts(have["prefixes"], match.CheckPath)...)
			}},
		{Word{Name: "glob", Doc: "Matches the path with a glob: * stays within a segment, ** does not, and a final /* matches everything below.", Arguments: []Argument{
			{Name: "pattern", Type: "str", Required: true, Doc: "The glob.", Example: `"/files/**.png"`, aka: []string{"glob", "path"}}}},
			func(c *call, have map[string]*given) match.Matcher {
				return c.patternMatcher(have["pattern"], pathGlob)
			}},
		{Word{Name: "regex", Doc: "Matches a path that contains a match of a regular expression; ^ and $ are the start and end of the path.", Arguments: []Argument{
			{Name: "pattern", Type: "str", Required: true, Rule: "RE2", Doc: "The regular expression.", Example: `r"^/v[12]/"`, aka: []string{"regex", "expr", "re"}}}},
			func(c *call, have map[string]*given) match.Matcher {
				return c.patternMatcher(have["pattern"], match.Regex)
			}},
	}
}

// pathGlob makes a glob and refuses one that no path can match.
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
