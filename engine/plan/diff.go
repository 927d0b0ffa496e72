package plan

import (
	"cmp"
	"fmt"
	"slices"
)

// An Action is what a reload does to one group.
type Action string

// The actions.
const (
	Keep    Action = "keep"    // same processes, nothing changes
	Update  Action = "update"  // same processes, other settings around them
	Resize  Action = "resize"  // some workers start or stop, the others stay
	Replace Action = "replace" // every worker is replaced by a new one
	Add     Action = "add"
	Remove  Action = "remove"
)

// ReasonAsked is the reason of a Replace that DiffOptions request, and ReasonCode
// the one if the code is watched and they give no reason.
const (
	ReasonAsked = "requested"
	ReasonCode  = "the code changed"
)

// An AttributeChange is an attribute before and after a change, in the
// configuration's notation.
type AttributeChange struct {
	Name          string
	Effect        Effect
	Before, After string
	Default       bool // neither plan sets it: its default changes, because a group gets or loses its cap
}

func (c AttributeChange) String() string {
	if c.Before == c.After {
		return fmt.Sprintf("%s %s, with another secret", c.Name, c.Before)
	}
	return fmt.Sprintf("%s %s -> %s", c.Name, c.Before, c.After)
}

// A Change is what happens to one group. Old is nil for Add, New for Remove.
type Change struct {
	Name    string
	Action  Action
	Old     *Group
	New     *Group // as written in the new configuration
	Reason  string
	Watched bool              // Reason is about watched code, and Changes come in addition
	Hint    string            // what else a reader should know; may be ""
	Changes []AttributeChange // the changes that take effect
	// Pinned lists changed process attributes of a group that keeps its
	// processes (reload_on_sighup=False). They take effect when the group is
	// replaced.
	Pinned []AttributeChange
}

// Effective returns the group as it runs once the change is applied: New, but
// with the process attributes of Old if those are pinned. It is nil for Remove.
func (c *Change) Effective() *Group {
	if len(c.Pinned) == 0 {
		return c.New
	}
	p := *c.New
	for _, a := range GroupAttributes {
		if a.Effect == EffectProcess {
			a.Copy(&p, c.Old)
		}
	}
	return &p
}

// Changes is the difference between two plans.
type Changes struct {
	Groups    []Change          // groups of the new plan in the order written, then removed groups
	Listeners []ListenerChange  // listeners of the new plan in the order written, then removed ones
	Plan      []AttributeChange // settings outside the groups, applied immediately
	Restart   []AttributeChange // settings that only a new master applies
	// BeforeStart are the commands of the new plan that run before anything else, if
	// the changes start code: they replace workers or add a group. A save does not run
	// them.
	BeforeStart []Command
	Args        []ArgChange // arguments of the configuration; what they change is in the others
}

// DiffOptions configure a comparison of two plans. The zero value is an
// ordinary reload.
type DiffOptions struct {
	Replace    map[string]bool // groups to replace regardless of changes
	ReplaceAll bool
	// Watched means that the code is watched, so that it has changed in the
	// groups of Replace only. Those are replaced, and those with a changed process
	// attribute. The others keep their processes. reload_on_sighup does not matter.
	Watched bool
	Reasons map[string]string // why groups of Replace are in it, if Watched
	// Missing reports whether only a new master can open an address. nil means
	// that this is not known of any.
	Missing func(Bind) bool
}

// ReplaceOptions returns options that replace the named groups, or all groups.
func ReplaceOptions(names []string, all bool) DiffOptions {
	out := DiffOptions{ReplaceAll: all, Replace: make(map[string]bool, len(names))}
	for _, name := range names {
		out.Replace[name] = true
	}
	return out
}

func (o *DiffOptions) names() []string {
	out := []string{}
	for name, replace := range o.Replace {
		if replace {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// Diff compares the running plan with a new one. old is the state in effect:
// its groups are those of Effective, and its restart-only settings are those
// that the master started with. A nil old plan has no groups. Positions and the
// order of groups do not matter.
func Diff(old, next *Plan, opts DiffOptions) Changes {
	var out Changes
	if old == nil {
		old = &Plan{}
	} else {
		out.Args = diffArgs(old, next)
		for _, c := range compare(PlanAttributes, old, next, old.recorded) {
			if c.Effect == EffectRestart {
				out.Restart = append(out.Restart, c)
			} else {
				out.Plan = append(out.Plan, c)
			}
		}
	}
	out.Listeners = diffListeners(old, next, out.Plan, opts.Missing)
	for _, p := range next.Groups {
		before := old.Group(p.Name)
		if before == nil {
			out.Groups = append(out.Groups, Change{Name: p.Name, Action: Add, New: p, Reason: "new in the configuration"})
			continue
		}
		out.Groups = append(out.Groups, diffGroup(before, p, &opts))
	}
	for _, p := range old.Groups {
		if next.Group(p.Name) == nil {
			out.Groups = append(out.Groups, Change{Name: p.Name, Action: Remove, Old: p, Reason: "no longer in the configuration"})
		}
	}
	hintRenames(out.Groups)
	if !opts.Watched && out.startsCode() {
		out.BeforeStart = next.BeforeStart
	}
	return out
}

// hintRenames finds groups in which only the name has changed: a different name
// means a different group with new workers, which may be unintended.
func hintRenames(changes []Change) {
	for i := range changes {
		if changes[i].Action != Remove {
			continue
		}
		for j := range changes {
			if changes[j].Action != Add || changes[j].Hint != "" || !renamed(changes[i].Old, changes[j].New) {
				continue
			}
			changes[i].Hint = fmt.Sprintf("renamed to %q?", changes[j].Name)
			changes[j].Hint = fmt.Sprintf("%q renamed? a new name means new workers", changes[i].Name)
			break
		}
	}
}

// renamed reports whether two groups differ only in their names.
func renamed(old, next *Group) bool {
	for _, c := range compare(GroupAttributes, old, next, old.recorded) {
		if c.Effect != EffectIdentity {
			return false
		}
	}
	return true
}

// diffGroup decides what happens to a group that is in both plans. The new
// value of reload_on_sighup determines whether its processes are kept, unless
// the code is watched.
func diffGroup(old, next *Group, opts *DiffOptions) Change {
	c := Change{Name: next.Name, Old: old, New: next}
	if old.Scaled && old.Instances != next.Instances {
		c.Hint = fmt.Sprintf("ends ldcorn scale %s=%d", next.Name, old.Instances)
	}
	changes := append(compare(GroupAttributes, old, next, old.recorded), followed(old, next)...)
	asked := opts.ReplaceAll || opts.Replace[next.Name]
	replace := asked || next.ReloadOnSighup
	if opts.Watched {
		replace = asked || needsProcess(changes)
	}
	if replace {
		c.Action, c.Changes = Replace, changes
		c.Reason = replaceReason(changes, asked)
		if c.Watched = asked && opts.Watched; c.Watched {
			c.Reason = cmp.Or(opts.Reasons[next.Name], ReasonCode)
		}
		return c
	}
	for _, a := range changes {
		if a.Effect == EffectProcess {
			c.Pinned = append(c.Pinned, a)
		} else {
			c.Changes = append(c.Changes, a)
		}
	}
	switch {
	case old.Instances != next.Instances:
		c.Action, c.Reason = Resize, fmt.Sprintf("instances %d -> %d", old.Instances, next.Instances)
	case len(c.Changes) > 0:
		c.Action, c.Reason = Update, "settings changed"
	case opts.Watched:
		c.Action, c.Reason = Keep, "nothing has changed"
	default:
		c.Action, c.Reason = Keep, "reload_on_sighup=False"
	}
	return c
}

// needsProcess reports whether a change takes effect only in a new process.
func needsProcess(changes []AttributeChange) bool {
	return slices.ContainsFunc(changes, func(a AttributeChange) bool { return a.Effect == EffectProcess })
}

func replaceReason(changes []AttributeChange, asked bool) string {
	if asked {
		return ReasonAsked
	}
	for _, a := range changes {
		if a.Effect == EffectProcess {
			return a.Name + " changed"
		}
	}
	return "the code may have changed"
}

// compare returns the attributes in which two values differ, in table order.
// was is not nil if the old one is a record.
func compare[T any](table []Attribute[T], old, next *T, was *recorded) []AttributeChange {
	var out []AttributeChange
	for _, a := range table {
		if a.Effect == EffectNone || a.Apart {
			continue
		}
		c := AttributeChange{Name: a.Name, Effect: a.Effect, After: a.Show(next)}
		switch {
		case was == nil && a.Same(old, next), was != nil && same(a, was, next):
			continue
		case was == nil:
			c.Before = a.Show(old)
		default:
			c.Before = was.attrs[a.Name].Text
		}
		out = append(out, c)
	}
	return out
}
