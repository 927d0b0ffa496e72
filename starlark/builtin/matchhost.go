package builtin

import (
	"github.com/ldcorn/ldcorn/engine/match"
)

// hostWords returns the words for matchers of the host.
func hostWords() []matcherWord {
	return []matcherWord{
		{Word{Name: "host", Doc: "Matches the host that the client asked for, without its port.", Arguments: []Argument{
			some("hosts", "str", `"*.example.com" matches every name below example.com, at any depth`, "The names or addresses, in upper or lower case.", `"example.com"`, "host", "name")}},
			func(c *call, have map[string]*given) match.Matcher {
				var hosts []string
				c.texts(have["hosts"], func(s string) error {
					h, err := match.CheckHost(s)
					hosts = append(hosts, h)
					return err
				})
				return match.Host(hosts...)
			}},
	}
}
