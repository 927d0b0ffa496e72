package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// writeSystems writes, for each group that has settings of the operating system, one line
// with them.
func writeSystems(w io.Writer, groups []api.GroupStatus) {
	begun := false
	for i := range groups {
		g := &groups[i]
		if g.System == nil {
			continue
		}
		if !begun {
			fmt.Fprintln(w)
		}
		begun = true
		fmt.Fprintf(w, "workers of %s: %s\n", g.Name, strings.Join(systemTexts(g.System), ", "))
	}
}

// systemTexts returns the settings as short texts, in the order of the arguments.
func systemTexts(s *api.System) (out []string) {
	add := func(name, value string) {
		if value != "" {
			out = append(out, name+" "+value)
		}
	}
	add("user", s.User)
	add("group", s.Group)
	add("umask", s.Umask)
	for _, name := range slices.Sorted(maps.Keys(s.Rlimits)) {
		l := s.Rlimits[name]
		if l.Soft == l.Hard {
			add(name, l.Soft)
		} else {
			add(name, l.Soft+"/"+l.Hard)
		}
	}
	if s.Nice != nil {
		out = append(out, fmt.Sprintf("nice %d", *s.Nice))
	}
	add("CPUs", strings.Join(s.CPUAffinity, " or "))
	for _, m := range []struct {
		name  string
		bytes int64
	}{{"memory_high", s.MemoryHigh}, {"memory_max", s.MemoryMax}} {
		if m.bytes > 0 {
			add(m.name, strings.Trim(plan.Bytes(m.bytes).String(), `"`))
		}
	}
	return out
}
