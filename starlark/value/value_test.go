package value_test

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/starlark/value"
)

// eval returns the value of a Starlark expression.
func eval(t testing.TB, expr string) starlark.Value {
	t.Helper()
	v, err := starlark.EvalOptions(&syntax.FileOptions{Set: true}, &starlark.Thread{}, "test", expr, starlark.StringDict{
		"secret": value.NewSecret("hunter2"),
		"unset":  &value.Unset{Variable: "PORT"},
		"f":      starlark.NewBuiltin("f", nil),
	})
	require.NoError(t, err, expr)
	return v
}

// A reading is an expression and the expected result of a reader: a value, or
// an error that contains each of the parts.
type reading struct {
	expr  string
	want  any
	parts []string
}

func check[T any](t *testing.T, read func(starlark.Value) (T, error), readings []reading) {
	t.Helper()
	for _, r := range readings {
		got, err := read(eval(t, r.expr))
		if r.parts == nil {
			assert.NoError(t, err, r.expr)
			assert.EqualValues(t, r.want, got, r.expr)
			continue
		}
		if assert.Error(t, err, r.expr) {
			for _, part := range r.parts {
				assert.Contains(t, err.Error(), part, r.expr)
			}
			assert.NotContains(t, err.Error(), "starlark", "no Go type name")
			assert.NotContains(t, err.Error(), "hunter2", "no secret")
		}
	}
}

func TestInt(t *testing.T) {
	check(t, func(v starlark.Value) (int, error) { return value.Int(v, 1, 9) }, []reading{
		{"1", 1, nil},
		{"9", 9, nil},
		{"0", nil, []string{"must be from 1 to 9, got 0"}},
		{"1 << 70", nil, []string{"must be from 1 to 9"}},
		{"2.0", nil, []string{"wants a whole number, got the number 2.0", "write 2,"}},
		{"8/3", nil, []string{"write 2 or 3; `/` gives a float"}},
		{`"3"`, nil, []string{"write 3"}},
		{"True", nil, []string{"got True"}},
		{"None", nil, []string{"omit the argument"}},
		{"secret", nil, []string{"got a secret"}},
		{"[]", nil, []string{"got a list"}},
		{"f", nil, []string{"got the function `f`"}},
	})
	_, err := value.Int(starlark.MakeInt(-1), 0, math.MaxInt32)
	assert.EqualError(t, err, "must be 0 or more, got -1")
}

func TestFloatAndBool(t *testing.T) {
	check(t, value.Float, []reading{
		{"2", 2.0, nil}, {"0.5", 0.5, nil},
		{"True", nil, []string{"wants a number, got True"}}, {`"2.5"`, nil, []string{"write 2.5"}},
	})
	check(t, value.Bool, []reading{
		{"True", true, nil}, {"False", false, nil},
		{"0", nil, []string{"write False"}}, {"1", nil, []string{"write True"}}, {"2", nil, []string{"got the number 2"}},
		{`"no"`, nil, []string{"write False"}}, {`"x"`, nil, []string{"wants True or False"}},
	})
}

func TestString(t *testing.T) {
	check(t, value.String, []reading{
		{`""`, "", nil}, {`"a"`, "a", nil},
		{`"a\0"`, nil, []string{"NUL"}},
		{`3`, nil, []string{"wants a string, got the number 3"}},
		{`["a"]`, nil, []string{`write "a"`}},
		{`secret`, nil, []string{"cannot be a secret"}},
		{`"x%s" % secret`, nil, []string{"formatted from a secret"}},
		{`("a", "b")`, nil, []string{"got a tuple"}},
	})
	check(t, value.NumberString, []reading{{"3", nil, []string{`write "3"`}}, {`"3"`, "3", nil}})
}

func TestDuration(t *testing.T) {
	check(t, value.Duration, []reading{
		{"0", time.Duration(0), nil}, {"2", 2 * time.Second, nil}, {"0.25", 250 * time.Millisecond, nil},
		{`"250ms"`, 250 * time.Millisecond, nil}, {`"1m30s"`, 90 * time.Second, nil}, {`"1.5h"`, 90 * time.Minute, nil},
		{"-1", nil, []string{"must be 0 or more, got -1"}},
		{`"-1s"`, nil, []string{"must be 0 or more"}},
		{"1 << 80", nil, []string{"longer than ten years"}},
		{`"999999h"`, nil, []string{"longer than ten years"}},
		{`"30"`, nil, []string{"has no unit", `"30s"`}},
		{`"30 seconds"`, nil, []string{`write "30s"`}},
		{`"2min"`, nil, []string{`write "2m"`}},
		{`"2 days"`, nil, []string{`write "48h"`}},
		{`"x"`, nil, []string{"is not a duration", `"1m30s"`}},
		{`""`, nil, []string{"is not a duration"}},
		{`float("nan")`, nil, []string{"must be 0 or more"}},
		{`float("inf")`, nil, []string{"longer than ten years"}},
		{"True", nil, []string{"wants a duration", "got True"}},
		{"None", nil, []string{"omit the argument"}},
	})
}

func TestSize(t *testing.T) {
	check(t, value.Size, []reading{
		{"0", int64(0), nil}, {"65536", int64(65536), nil},
		{`"64KiB"`, int64(65536), nil}, {`"10MB"`, int64(10_000_000), nil}, {`"1.5 GiB"`, int64(3 << 29), nil}, {`"7b"`, int64(7), nil},
		{"-1", nil, []string{"0 or more bytes"}},
		{`"64"`, nil, []string{"has no unit"}},
		{`"64K"`, nil, []string{"unknown unit", `"64KiB"`}},
		{`"64 parsecs"`, nil, []string{"unknown unit", "TiB"}},
		{`"big"`, nil, []string{"is not a size"}},
		{`"99999999999TiB"`, nil, []string{"too large"}},
		{"1.5", nil, []string{"wants a size"}},
		{"True", nil, []string{"wants a size"}},
	})
}

func TestPrefix(t *testing.T) {
	check(t, value.Prefix, []reading{
		{`"10.0.0.0/8"`, netip.MustParsePrefix("10.0.0.0/8"), nil},
		{`"::1"`, netip.MustParsePrefix("::1/128"), nil},
		{`"::ffff:127.0.0.1"`, netip.MustParsePrefix("127.0.0.1/32"), nil},
		{`"::ffff:10.0.0.0/104"`, netip.MustParsePrefix("10.0.0.0/8"), nil},
		{`"::ffff:0:0/96"`, netip.MustParsePrefix("0.0.0.0/0"), nil},
		{`"::ffff:1.2.3.4/128"`, netip.MustParsePrefix("1.2.3.4/32"), nil},
		{`"::ffff:10.0.0.0/95"`, nil, []string{"wider than all of IPv4", `"10.0.0.0/8"`}},
		{`"::ffff:10.1.0.0/104"`, nil, []string{"bits set", `"10.0.0.0/8"`, `"10.1.0.0"`}},
		{`"10.1.0.0/8"`, nil, []string{"bits set", `"10.0.0.0/8"`, `"10.1.0.0"`}},
		{`"*"`, nil, []string{`"0.0.0.0/0" and "::/0"`}},
		{`"localhost"`, nil, []string{"is not a network"}},
		{`"fe80::1%eth0"`, nil, []string{"is not a network"}},
		{`8`, nil, []string{"wants a string"}},
	})
}

func TestListAndChoice(t *testing.T) {
	check(t, value.Strings, []reading{
		{`["a", "b"]`, []string{"a", "b"}, nil}, {`("a",)`, []string{"a"}, nil}, {`[]`, []string{}, nil},
		{`"a"`, nil, []string{`write ["a"]`}},
		{`{"a": 1}`, nil, []string{"write list(…)"}},
		{`["a", 2]`, nil, []string{"element 1", "wants a string"}},
		{`None`, nil, []string{"got None"}},
	})
	_, err := value.Strings(eval(t, `["a", 2]`))
	var elem *value.ElementError
	require.ErrorAs(t, err, &elem)
	assert.Equal(t, 1, elem.Index)

	near := func(string, []string) string { return "set" }
	choice := func(v starlark.Value) (string, error) { return value.Choice(v, []string{"set", "off"}, near) }
	check(t, choice, []reading{
		{`"off"`, "off", nil},
		{`"lifo"`, nil, []string{`must be one of "set", "off", got "lifo"`}},
		{`"sett"`, nil, []string{`must be one of "set", "off", got "sett"`, `did you mean "set"?`}},
	})
}

func TestDescribeIsShort(t *testing.T) {
	got := value.Describe(starlark.String(strings.Repeat("é", 1000)))
	assert.Less(t, len(got), 200)
	assert.Equal(t, "a WorkerGroup", value.Describe(named("WorkerGroup")))
	assert.Equal(t, "an LdConfig", value.Describe(named("LdConfig")))
}

type named string

func (n named) String() string        { return "" }
func (n named) Type() string          { return string(n) }
func (n named) Freeze()               {}
func (n named) Truth() starlark.Bool  { return true }
func (n named) Hash() (uint32, error) { return 0, errors.New("no") }

func TestSecretNeverShows(t *testing.T) {
	for _, expr := range []string{
		`str(secret)`, `repr(secret)`, `"%s" % secret`, `"%r" % [secret]`, `"{}".format(secret)`, `"{!r}".format({"a": secret})`,
		`str([secret, ("x" + secret + "y")])`, `type(secret)`, `str(dir(secret))`, `[secret]`,
	} {
		assert.NotContains(t, eval(t, expr).String(), "hunter2", expr)
	}
	s := value.NewSecret("hunter2")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		assert.NotContains(t, fmt.Sprintf(verb, s), "unter", verb)
		assert.NotContains(t, fmt.Sprintf(verb, []any{s, *s}), "unter", verb)
	}
	for _, expr := range []string{`hash(secret)`, `{secret: 1}`, `secret * 2`, `secret[0]`, `secret.upper()`, `len(secret)`,
		`list(secret)`, `int(secret)`, `sorted([secret, secret])`, `"h" in secret`, `secret in "hunter2"`, `secret < secret`} {
		_, err := starlark.EvalOptions(&syntax.FileOptions{}, &starlark.Thread{}, "test", expr, starlark.StringDict{"secret": s})
		if assert.Error(t, err, expr) {
			assert.NotContains(t, err.Error(), "unter")
		}
	}
}

func TestSecretJoins(t *testing.T) {
	for expr, want := range map[string]string{
		`secret + "x"`:       "hunter2x",
		`"x" + secret`:       "xhunter2",
		`secret + secret`:    "hunter2hunter2",
		`"a" + secret + "b"`: "ahunter2b",
	} {
		s, ok := eval(t, expr).(*value.Secret)
		require.True(t, ok, expr)
		assert.Equal(t, want, s.Reveal())
	}
	assert.Equal(t, starlark.True, eval(t, `secret == secret`))
	assert.Equal(t, starlark.False, eval(t, `secret == "hunter2"`))
	assert.Equal(t, starlark.True, eval(t, `bool(secret)`))
}

func TestUnsetGoesOn(t *testing.T) {
	for _, expr := range []string{`unset`, `unset + "x"`, `"x" + unset`, `unset.strip().lower()`, `unset * 2`, `str(unset)`, `"%s:80" % unset`, `"{}".format(unset)`} {
		assert.True(t, value.IsUnset(eval(t, expr)), expr)
	}
	assert.False(t, value.IsUnset(eval(t, `"x"`)))
	assert.Equal(t, starlark.False, eval(t, `bool(unset) or unset == "x"`))
	assert.Equal(t, "[]", eval(t, `[x for x in unset]`).String())
}

// TestPrefixTakesItsAddress checks that every network contains the address that
// it was written with, in the form of client addresses.
func TestPrefixTakesItsAddress(t *testing.T) {
	for _, addr := range []string{"10.0.0.0", "::ffff:10.0.0.0", "2001:db8::", "::", "0.0.0.0", "::ffff:0:0"} {
		ip := netip.MustParseAddr(addr)
		for bits := range ip.BitLen() + 1 {
			p, err := value.Prefix(starlark.String(fmt.Sprintf("%s/%d", addr, bits)))
			if err == nil {
				assert.True(t, p.Contains(ip.Unmap()), "%s/%d", addr, bits)
			}
		}
	}
}
