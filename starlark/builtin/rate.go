package builtin

import (
	"fmt"
	"strings"
	"time"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A Rate is the value of rate.
type Rate struct {
	opaque
	Limit plan.RateLimit
}

// String returns a call that makes the rate.
func (r *Rate) String() string { return r.Limit.String() }

const oneRate = "a group has one rate limit; LdConfig and rules can have others"

const rateForms = `rate("10/s")`

func rateWord() Word {
	return Word{
		Name: "rate", Returns: "rate",
		Doc: "A limit of how often requests with the same key are let in.",
		Arguments: []Argument{
			{Name: "rate", Type: "str", Required: true, Rule: `a number and /s, /m, /h or /d, such as "10/s", "600/m" or "0.5/s"; at most 1000000/s`,
				Doc: "How many requests are let in per second, minute, hour or day, evenly spread.", Example: `"10/s"`,
				aka: []string{"limit", "requests", "per_second", "r"}},
			{Name: "burst", Type: "int", Keyword: true, Rule: "1 to 1000000", Absent: "the number of requests of one second, at least 1",
				Doc: "How many requests are let in at once after a pause.",
				aka: []string{"bucket", "capacity", "size", "nodelay"}},
			{Name: "by", Type: "key | None", Keyword: true, Default: "by_client_ip()", Rule: keyForms + "; None counts all requests together",
				Doc: "Which requests count together. Requests without the key count together, and so do IPv6 addresses with the same first 64 bits.",
				aka: []string{"key", "per"}},
		},
	}
}

// rate implements rate.
func (s *Session) rate(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	c := s.begin(thread, s.words[b.Name()])
	have := c.bind(args, kwargs)
	for _, g := range have {
		if value.IsUnset(g.value) {
			return g.value, nil
		}
	}
	out := &Rate{opaque: "rate"}
	g := have["rate"]
	if g == nil {
		return out, nil
	}
	rate, err := readRate(g.value)
	if err != nil {
		c.wrongValue(g, err)
		rate = plan.Rate{Count: 1, Unit: plan.PerSecond} // so that the rest is checked
	}
	burst, by := rate.DefaultBurst(), match.Key{By: match.KeyClientIP}
	if g := have["burst"]; g != nil {
		if burst, err = readBurst(g.value); err != nil {
			c.wrongValue(g, err)
			burst = 1
		}
	} else if err == nil && burst == 1 && rate.Count > 1 {
		c.warnOneByOne(have["rate"], rate)
	}
	if g := have["by"]; g != nil {
		switch v := g.value.(type) {
		case starlark.NoneType:
			by = match.Key{}
		case *Key:
			by = v.Key
		default:
			c.wrongValue(g, value.WrongType("None, "+keyForms, v, keyLabel(v)))
		}
	}
	if out.Limit, err = plan.NewRateLimit(rate, burst, by); err != nil {
		c.wrongValue(have["burst"], withLabel(err)) // the default is never too long
	}
	return out, nil
}

// warnOneByOne warns about a rate of several requests in a longer time, of which
// the second one is refused if it comes at once.
func (c *call) warnOneByOne(g *given, r plan.Rate) {
	limit, err := plan.NewRateLimit(r, 1, match.Key{})
	if err != nil || limit.Interval() <= time.Second {
		return
	}
	c.warn(diag.Diagnostic{Code: codeOneByOne, Span: g.span,
		Message: fmt.Sprintf("without `burst`, %s lets in one request every %s, and refuses a second one before", value.Quote(r.String()), shortDuration(limit.Interval().Round(100*time.Millisecond))),
		Label:   fmt.Sprintf("write burst=%d to let in %d at once after a pause, or burst=1", int(r.Count), int(r.Count))})
}

func readRate(v starlark.Value) (plan.Rate, error) {
	if n, ok := v.(starlark.Int); ok {
		return plan.Rate{}, value.WrongType(`a rate such as "10/s"`, n, "write "+value.Quote(n.String()+"/s"))
	}
	s, err := value.String(v)
	if err != nil {
		return plan.Rate{}, err
	}
	r, err := plan.ParseRate(s)
	return r, withLabel(err)
}

func readBurst(v starlark.Value) (int, error) {
	if n, ok := v.(starlark.Int); ok && n.Sign() == 0 {
		return 0, value.Wrong("write 1 to let in one request at a time", "must be 1 or more: with 0, no request would be let in")
	}
	return value.Int(v, 1, plan.MaxBurst)
}

// withLabel turns the part of an error after a semicolon into a label.
func withLabel(err error) error {
	if err == nil {
		return nil
	}
	message, label, _ := strings.Cut(err.Error(), "; ")
	return value.Wrong(label, "%s", message)
}

// rateReader reads a rate limit.
func rateReader[T any](place func(*T) *plan.RateLimit) func(*call, *given, *T) {
	return func(c *call, g *given, t *T) {
		switch v := g.value.(type) {
		case starlark.NoneType:
			*place(t) = plan.RateLimit{}
		case *Rate:
			*place(t) = v.Limit
		default:
			c.wrongValue(g, value.WrongType("None or "+rateForms, v, rateLabel(v)))
		}
	}
}

func rateLabel(v starlark.Value) string {
	switch v := v.(type) {
	case starlark.String:
		if _, err := plan.ParseRate(string(v)); err == nil {
			return "write rate(" + value.Quote(string(v)) + ")"
		}
		return `write rate("10/s")`
	case starlark.Int:
		if v.Sign() == 0 {
			return "write None for no limit"
		}
		return `write rate("` + v.String() + `/s")`
	case *Limit:
		return `write rate("10/s"), or limits=[…] for how many requests are worked on at a time`
	case *starlark.Builtin:
		if v.Name() == "rate" {
			return `call it: write rate("10/s")`
		}
	case *Key:
		return `write rate("10/s", by=` + v.String() + ")"
	case starlark.Bool:
		if !v {
			return "write None"
		}
	case starlark.Tuple:
		if v.Len() == 2 {
			if s, ok := starlark.AsString(v.Index(0)); ok {
				return fmt.Sprintf("write rate(%s, burst=%v)", value.Quote(s), v.Index(1))
			}
		}
		return oneRate
	case *starlark.List:
		return oneRate
	case *starlark.Dict:
		return `write rate("10/s", burst=20)`
	}
	return ""
}
