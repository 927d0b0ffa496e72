package value

import (
	"fmt"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// SecretMark is what a secret shows in place of its value.
const SecretMark = "(secret)"

// A Secret is a string that the configuration can pass on and join with other
// strings but never see. Printing, formatting or encoding a Secret gives
// SecretMark.
type Secret struct {
	text    string
	literal bool
}

var (
	_ starlark.Comparable = (*Secret)(nil)
	_ starlark.HasBinary  = (*Secret)(nil)
)

// NewSecret returns a Secret that holds s.
func NewSecret(s string) *Secret { return &Secret{text: s} }

// Literally returns the secret as data, such as a line of a file: what has a meaning in
// a configuration, such as {index}, has none in it.
func (s *Secret) Literally() *Secret { return &Secret{text: s.text, literal: true} }

// IsLiteral reports whether the secret is data. One that joins data with other text is
// data if only the data has what would have a meaning.
func (s *Secret) IsLiteral() bool { return s.literal }

// isPlain reports whether nothing in the secret has a meaning.
func (s *Secret) isPlain() bool { return s.literal || !strings.Contains(s.text, "{") }

// Reveal returns the string. Callers must put it in a plan's Secret text and in
// nothing that prints.
func (s *Secret) Reveal() string { return s.text }

func (s *Secret) String() string { return SecretMark }

// Format keeps every verb from showing the value.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, SecretMark) }

// Type returns the word for a secret in messages.
func (s *Secret) Type() string { return "secret" }

// Freeze does nothing: a secret never changes.
func (s *Secret) Freeze() {}

// Truth reports whether the secret is not empty.
func (s *Secret) Truth() starlark.Bool { return s.text != "" }

// Hash fails: a hash would reveal which secrets are equal through the order of
// what it hashes.
func (s *Secret) Hash() (uint32, error) { return 0, fmt.Errorf("a secret cannot be a key") }

// CompareSameType allows == and != between two secrets, but no ordering.
func (s *Secret) CompareSameType(op syntax.Token, y starlark.Value, _ int) (bool, error) {
	equal := s.text == y.(*Secret).text
	switch op {
	case syntax.EQL:
		return equal, nil
	case syntax.NEQ:
		return !equal, nil
	}
	return false, fmt.Errorf("secrets have no order")
}

// Binary joins a secret with a string or another secret into a secret.
func (s *Secret) Binary(op syntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	if op != syntax.PLUS {
		return nil, nil
	}
	var other *Secret
	switch y := y.(type) {
	case starlark.String:
		other = NewSecret(string(y))
	case *Secret:
		other = y
	default:
		return nil, nil
	}
	if side == starlark.Right {
		s, other = other, s
	}
	return &Secret{text: s.text + other.text, literal: (s.literal || other.literal) && s.isPlain() && other.isPlain()}, nil
}
