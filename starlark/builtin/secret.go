package builtin

import (
	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/starlark/value"
)

func secretWord() Word {
	return Word{Name: "secret", Returns: "secret", Doc: "The value of an environment variable as a secret, which is never printed.",
		Arguments: []Argument{
			{Name: "name", Type: "str", Required: true, Doc: "The variable.", Example: `"NAME"`, aka: []string{"key", "var", "variable"}},
			{Name: "default", Type: "str | secret | None", Absent: "the variable must be set", Doc: "The result if the variable is not set.", aka: []string{"fallback"}},
		}}
}

// secret implements the word secret.
func (s *Session) secret(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	c := s.begin(thread, s.words["secret"])
	have := c.bind(args, kwargs)
	name, span, ok := c.variable(have["name"])
	def, hasDefault := c.secretDefault(have["default"])
	if !ok || c.failed {
		return s.stand(name), nil
	}
	text, set := s.lookup(name, true)
	switch {
	case set && s.isOfFile(name):
		return value.NewSecret(text).Literally(), nil
	case set:
		return value.NewSecret(text), nil
	case hasDefault:
		return def, nil
	}
	return c.unset(name, span), nil
}

func (c *call) secretDefault(g *given) (starlark.Value, bool) {
	if g == nil {
		return nil, false
	}
	switch v := g.value.(type) {
	case *value.Secret, *value.Unset, starlark.NoneType:
		return v, true
	}
	text, err := value.String(g.value)
	if err != nil {
		c.wrongValue(g, err)
	}
	return value.NewSecret(text), true
}
