package builtin

import (
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// percentWords returns the words for matchers of a share of the clients.
func percentWords() []matcherWord {
	return []matcherWord{
		{Word{Name: "percent", Doc: "Matches a share of all clients. Each client always matches or never does, and a smaller share by the same key is part of a larger one.", Arguments: []Argument{
			{Name: "share", Type: "float", Required: true, Unit: "percent", Rule: "from 0 to 100, including fractions", Doc: "The percentage of clients.", Example: "5", aka: []string{"percent", "percentage", "p", "weight"}},
			{Name: "by", Type: "key", Keyword: true, Required: true, Rule: keyForms, Doc: "The key that identifies a client. A request without it does not match.", Example: `by=by_cookie("uid")`, aka: []string{"key", "sticky"}},
			{Name: "salt", Type: "str", Keyword: true, Default: `""`, Doc: "A different salt selects different clients.", aka: []string{"seed", "name"}}}},
			(*call).percentMatcher},
	}
}

func (c *call) percentMatcher(have map[string]*given) match.Matcher {
	var percent float64
	var by match.Key
	var salt string
	var err error
	if g := have["share"]; g != nil {
		if percent, err = value.Float(g.value); err == nil && !(percent >= 0 && percent <= 100) {
			err = value.Wrong("", "must be from 0 to 100, got %v", g.value)
		}
		if err != nil {
			c.wrongValue(g, err)
		}
	}
	if g := have["by"]; g != nil {
		key, ok := g.value.(*Key)
		if !ok {
			c.wrongValue(g, value.WrongType(keyForms, g.value, keyLabel(g.value)))
			return nil
		}
		by = key.Key
	}
	if g := have["salt"]; g != nil {
		if salt, err = value.NumberString(g.value); err != nil {
			c.wrongValue(g, err)
		}
	}
	return match.Percent(match.NewShare(percent, by, salt))
}
