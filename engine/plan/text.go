package plan

import (
	"fmt"
	"log/slog"
)

// secretMark is what stands for a secret wherever it would be printed.
const secretMark = "(secret)"

// A Text is a string that may be a secret. A secret is never printed,
// logged or marshalled; only Reveal gives it away. Two Texts are equal (==)
// when their value and their secrecy are.
type Text struct {
	value  string
	secret bool
}

// Plain returns a text that may be shown.
func Plain(s string) Text { return Text{value: s} }

// Secret returns a text that is never shown.
func Secret(s string) Text { return Text{value: s, secret: true} }

// Reveal returns the value itself. Its callers hand it to whom the
// configuration gives it, a worker or a client, and to nothing that prints.
func (t Text) Reveal() string { return t.value }

// IsSecret reports whether the text is opaque.
func (t Text) IsSecret() bool { return t.secret }

// String returns the value, or a mark in place of a secret.
func (t Text) String() string {
	if t.secret {
		return secretMark
	}
	return t.value
}

// Format keeps every verb from showing a secret, %#v and the wrong ones too.
func (t Text) Format(f fmt.State, verb rune) {
	fmt.Fprintf(f, fmt.FormatString(f, verb), t.String())
}

// LogValue keeps slog from showing a secret.
func (t Text) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalText keeps encoders from showing a secret.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }
