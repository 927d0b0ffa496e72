package plan

import (
	"reflect"
	"strings"

	"github.com/ldcorn/ldcorn/engine/api"
)

// System returns what the workers of the group are for the operating system, or nil if
// the group has no settings for it.
func (p *Group) System() *api.System {
	out := api.System{User: p.User, Group: p.UnixGroup, Nice: p.Nice, MemoryHigh: p.MemoryHigh, MemoryMax: p.MemoryMax}
	if p.Umask.Set {
		out.Umask = strings.Trim(p.Umask.String(), `"`)
	}
	for _, set := range p.CPUAffinity {
		out.CPUAffinity = append(out.CPUAffinity, string(set))
	}
	for _, l := range p.Rlimits {
		if out.Rlimits == nil {
			out.Rlimits = make(map[string]api.Rlimit)
		}
		out.Rlimits[l.Name] = api.Rlimit{Soft: strings.Trim(LimitText(l.Soft), `"`), Hard: strings.Trim(LimitText(l.Hard), `"`)}
	}
	if reflect.ValueOf(out).IsZero() {
		return nil
	}
	return &out
}
