package plan

import (
	"fmt"
	"log/slog"
)

// secretMark is printed in place of a secret.
const secretMark = "(secret)"

// A Text is a string that may be a secret. A secret is never printed, logged or
// marshaled; only Reveal returns it. Two Texts are equal (==) if both their
// value and their secrecy are.
type Text struct {
	value  string
	secret bool
}

// Plain returns a text that can be shown.
func Plain(s string) Text { return Text{value: s} }

// Secret returns a text that is never shown.
func Secret(s string) Text { return Text{value: s, secret: true} }

// Reveal returns the value itself. Callers pass it only to the worker or client
// that the configuration gives it to, and never print it.
func (t Text) Reveal() string { return t.value }

// IsSecret reports whether the text is a secret.
func (t Text) IsSecret() bool { return t.secret }

// String returns the value, or a mark if it is a secret.
func (t Text) String() string {
	if t.secret {
		return secretMark
	}
	return t.value
}

// Format keeps every verb from showing a secret, including %#v and wrong ones.
func (t Text) Format(f fmt.State, verb rune) {
	fmt.Fprintf(f, fmt.FormatString(f, verb), t.String())
}

// LogValue keeps slog from showing a secret.
func (t Text) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalText keeps encoders from showing a secret.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }
