package value

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.starlark.net/starlark"
)

// String reads a string that can be shown. It refuses secrets, and strings that
// were formatted from a secret and hold its mark in place of the value.
func String(v starlark.Value) (string, error) {
	s, err := ForeignString(v)
	if err == nil && strings.Contains(s, SecretMark) {
		return "", &Error{
			Message: "was formatted from a secret, which does not show its value",
			Label:   `join it with +, as in "postgres://u:" + secret("PW")`,
		}
	}
	return s, err
}

// ForeignString is String for text that may come from a client, which can send
// text that looks like the mark of a secret.
func ForeignString(v starlark.Value) (string, error) {
	switch v := v.(type) {
	case starlark.String:
		if strings.ContainsRune(string(v), 0) {
			return "", Wrong("", "holds a NUL byte")
		}
		return string(v), nil
	case *Secret:
		return "", &Error{
			Message: "cannot be a secret, because it is shown in plans and process lists",
			Label:   "pass it to the app by `env`",
			Type:    true,
		}
	}
	label := ""
	if l, ok := v.(*starlark.List); ok {
		if s, ok := only(l); ok {
			label = "write " + s
		}
	}
	return "", wrongType("a string", v, label)
}

// NumberString is String for arguments that people often write as a number: the
// error shows the number as a string.
func NumberString(v starlark.Value) (string, error) {
	if err := NotNumber(v); err != nil {
		return "", err
	}
	return String(v)
}

// NotNumber returns an error if v is a number; the error shows the number as a
// string.
func NotNumber(v starlark.Value) error {
	switch v.(type) {
	case starlark.Int, starlark.Float:
		return wrongType("a string", v, fmt.Sprintf("write %q", v.String()))
	}
	return nil
}

// only returns the only string of a list, quoted.
func only(l *starlark.List) (string, bool) {
	if l.Len() != 1 {
		return "", false
	}
	s, ok := l.Index(0).(starlark.String)
	return strconv.Quote(string(s)), ok
}

// Choice reads one of the given strings.
func Choice(v starlark.Value, choices []string, near func(string, []string) string) (string, error) {
	s, err := String(v)
	if err != nil {
		return "", err
	}
	quoted := make([]string, len(choices))
	for i, c := range choices {
		if c == s {
			return s, nil
		}
		quoted[i] = strconv.Quote(c)
	}
	label := ""
	if meant := otherChoices[s]; slices.Contains(choices, meant) {
		label = fmt.Sprintf("%q serves the newest first, but only in an overload", meant)
	} else if n := near(s, choices); n != "" {
		label = fmt.Sprintf("did you mean %q?", n)
	}
	return "", Wrong(label, "must be one of %s, got %q", strings.Join(quoted, ", "), short(s))
}

// otherChoices maps strings that are not like the choice that comes closest to what
// they mean.
var otherChoices = map[string]string{"lifo": "adaptive", "filo": "adaptive", "codel": "adaptive"}

// Quote quotes a string for a message and shortens it if it is too long.
func Quote(s string) string { return strconv.Quote(short(s)) }
