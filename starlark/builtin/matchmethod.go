package builtin

import (
	"github.com/ldcorn/ldcorn/engine/match"
)

// methodWords returns the words for matchers of the method.
func methodWords() []matcherWord {
	return []matcherWord{
		{Word{Name: "method", Doc: "Matches the method of the request.", Arguments: []Argument{
			some("methods", "str", "in upper case; GET does not include HEAD", "The methods.", `"GET"`, "method")}},
			func(c *call, have map[string]*given) match.Matcher {
				return match.Method(c.texts(have["methods"], match.CheckMethod)...)
			}},
	}
}
