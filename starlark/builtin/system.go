package builtin

import (
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// accountReader reads the name or number of a user or group.
func accountReader(place func(*plan.Group) *string) func(*call, *given, *plan.Group) {
	return func(c *call, g *given, p *plan.Group) {
		if n, ok := g.value.(starlark.Int); ok {
			c.wrongValue(g, value.WrongType("a string", n, fmt.Sprintf("write %q", n.String())))
			return
		}
		s, ok := optionalString(c, g)
		if !ok {
			return
		}
		if name, rest, both := strings.Cut(s, ":"); both {
			c.wrongValue(g, value.Wrong(fmt.Sprintf("write user=%q, group=%q", name, rest), "holds a `:`"))
			return
		}
		if i := strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '/' }); i >= 0 {
			c.wrongValue(g, value.Wrong("", "is not a name: %q", s))
			return
		}
		*place(p) = s
	}
}

// setUmask reads octal digits, as bind_mode does.
func setUmask(c *call, g *given, p *plan.Group) {
	s, ok := c.octalDigits(g, 0, plan.MostUmask, "0027")
	if !ok {
		return
	}
	mask, err := plan.ParseUmask(s)
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	p.Umask = mask
}

// setRlimits reads the limits of a group's processes.
func setRlimits(c *call, g *given, p *plan.Group) {
	dict, ok := g.value.(*starlark.Dict)
	if !ok {
		c.wrongValue(g, value.WrongType(`a dict, such as {"nofile": 65536}`, g.value, ""))
		return
	}
	for _, item := range dict.Items() {
		keySpan, valueSpan := c.entry(g, item[0])
		name, err := value.String(item[0])
		if err == nil {
			err = checkRlimit(name)
		}
		if err != nil {
			c.wrong(keySpan, "a name in `rlimits`", codeValue, err)
			continue
		}
		if value.IsUnset(item[1]) {
			continue
		}
		limit, err := readRlimit(name, item[1])
		if err != nil {
			c.wrong(valueSpan, fmt.Sprintf("`rlimits[%q]`", name), codeValue, err)
			continue
		}
		p.Rlimits = append(p.Rlimits, limit)
	}
	plan.SortRlimits(p.Rlimits)
}

// checkRlimit refuses a name that setrlimit(2) does not have.
func checkRlimit(name string) error {
	if slices.Contains(plan.RlimitNames, name) {
		return nil
	}
	bare := strings.ToLower(name)
	for _, prefix := range []string{"rlimit_", "limit"} {
		bare = strings.TrimPrefix(bare, prefix)
	}
	label := "the names are " + strings.Join(plan.RlimitNames, ", ")
	near := diag.Near(bare, plan.RlimitNames)
	if slices.Contains(plan.RlimitNames, bare) {
		near = bare
	}
	if near != "" {
		label = fmt.Sprintf("write %q", near)
	}
	return value.Wrong(label, "is no limit: %q", name)
}

// readRlimit reads one limit, or a pair of a soft and a hard one.
func readRlimit(name string, v starlark.Value) (plan.Rlimit, error) {
	pair, ok := v.(starlark.Sequence)
	if !ok {
		n, err := readLimit(v)
		return plan.Rlimit{Name: name, Soft: n, Hard: n}, err
	}
	if pair.Len() != 2 {
		return plan.Rlimit{}, value.Wrong("write [soft, hard], or one number for both", "has %d limits", pair.Len())
	}
	var both [2]uint64
	i := 0
	for e := range starlark.Elements(pair) {
		n, err := readLimit(e)
		if err != nil {
			return plan.Rlimit{}, err
		}
		both[i] = n
		i++
	}
	if both[0] > both[1] {
		return plan.Rlimit{}, value.Wrong("write the soft limit first", "has a soft limit above the hard one: %s and %s", plan.LimitText(both[0]), plan.LimitText(both[1]))
	}
	return plan.Rlimit{Name: name, Soft: both[0], Hard: both[1]}, nil
}

// readLimit reads a number, a size or "unlimited".
func readLimit(v starlark.Value) (uint64, error) {
	switch s, ok := starlark.AsString(v); {
	case v == starlark.None, ok && (s == "infinity" || s == "-1"):
		return 0, value.Wrong(`write "unlimited"`, "is not a limit: %s", v)
	case ok && s == "unlimited":
		return plan.Unlimited, nil
	}
	n, err := value.Size(v)
	return uint64(n), err
}

// setCPUAffinity reads a set of CPUs, or a list of sets for the workers in turn.
func setCPUAffinity(c *call, g *given, p *plan.Group) {
	if g.value == starlark.None {
		return
	}
	list, ok := g.value.(starlark.Sequence)
	if _, isText := g.value.(starlark.String); isText || !ok || !nested(list) {
		if set, err := readCPUs(g.value); err != nil {
			c.wrongValue(g, err)
		} else {
			p.CPUAffinity = []plan.CPUSet{set}
		}
		return
	}
	i := 0
	for e := range starlark.Elements(list) {
		set, err := readCPUs(e)
		if _, isList := e.(starlark.Sequence); err == nil && !isList {
			err = value.Wrong("write all elements as lists, one for each worker in turn, or none", "has lists beside CPUs")
		}
		if err != nil {
			c.wrong(c.element(g, i), "`cpu_affinity`", codeValue, err)
			return
		}
		p.CPUAffinity = append(p.CPUAffinity, set)
		i++
	}
}

// nested reports whether a list has lists in it.
func nested(list starlark.Sequence) bool {
	for e := range starlark.Elements(list) {
		if _, ok := e.(starlark.Sequence); ok {
			return true
		}
	}
	return false
}

// readCPUs reads a set: a text such as "0-3,6", or a list of numbers and such texts.
func readCPUs(v starlark.Value) (plan.CPUSet, error) {
	var all []int
	add := func(e starlark.Value) error {
		if s, ok := e.(starlark.String); ok {
			some, err := plan.ParseCPUs(string(s))
			if err != nil {
				return value.Wrong(`write numbers and ranges, such as "0-3,6"`, "is wrong: %s", err)
			}
			all = append(all, some...)
			return nil
		}
		n, err := value.Int(e, 0, plan.MostCPU)
		all = append(all, n)
		return err
	}
	list, ok := v.(starlark.Sequence)
	if _, isText := v.(starlark.String); isText || !ok {
		if !isText {
			return "", value.WrongType(`a string such as "0-3,6" or a list of CPUs`, v, "")
		}
		err := add(v)
		return plan.NewCPUSet(all), err
	}
	for e := range starlark.Elements(list) {
		if err := add(e); err != nil {
			return "", err
		}
	}
	if len(all) == 0 {
		return "", value.Wrong("omit the argument to run on all CPUs of the master", "has no CPU")
	}
	return plan.NewCPUSet(all), nil
}

// checkMemory refuses a memory_high that memory_max makes meaningless.
func (c *call) checkMemory(have map[string]*given, p *plan.Group) {
	if g := have["memory_high"]; g != nil && p.MemoryMax > 0 && p.MemoryHigh > p.MemoryMax {
		c.wrongValue(g, value.Wrong("write less than `memory_max`, so that the kernel slows the process down before it kills it",
			"is more than `memory_max`: %s and %s", plan.Bytes(p.MemoryHigh), plan.Bytes(p.MemoryMax)))
	}
}
