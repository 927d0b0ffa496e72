package engine

import (
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// How much of a plan the log announces.
const (
	maxAnnounced = 10  // groups
	maxChange    = 300 // bytes about one of them
)

// announce logs a plan in short: the groups that change, and how.
func (r *reloader) announce(changes *plan.Changes) {
	n := 0
	for i := range changes.Groups {
		c := &changes.Groups[i]
		if c.Action == plan.Keep {
			continue
		}
		if n++; n <= maxAnnounced {
			r.log.Info(announced[c.Action], "group", c.Name, "reason", visible.Cut(changeText(c), maxChange))
		}
	}
	if n > maxAnnounced {
		r.log.Info("more groups will change", "groups", n-maxAnnounced)
	}
	for i := range changes.Listeners {
		if c := &changes.Listeners[i]; c.Action != plan.Keep && !c.NeedsRestart() {
			n++
			r.log.Info("listener will change", "reason", visible.Cut(c.String(), maxChange))
		}
	}
	if len(changes.Plan) > 0 {
		r.log.Info("settings will change", "reason", visible.Cut(shortly(changes.Plan), maxChange))
	}
	if n == 0 && len(changes.Plan) == 0 && len(changes.Restart) == 0 {
		r.log.Info("nothing will change")
	}
}

// announced are the messages about what will happen to a group.
var announced = map[plan.Action]string{
	plan.Update: "group will be changed in place", plan.Resize: "group will be resized", plan.Replace: "group will be replaced",
	plan.Add: "group will be added", plan.Remove: "group will be removed",
}

// changeText says what changes in a group, or else why.
func changeText(c *plan.Change) string {
	var parts []string
	if c.Watched {
		parts = append(parts, c.Reason)
	}
	if len(c.Changes) > 0 {
		parts = append(parts, shortly(c.Changes))
	}
	if len(parts) == 0 {
		return c.Reason
	}
	return strings.Join(parts, ", ")
}

// shortly returns changes for a line of the log. A change of a secret shows no
// values.
func shortly(changes []plan.AttributeChange) string {
	out := make([]string, len(changes))
	for i, c := range changes {
		out[i] = c.String()
		if c.Before == c.After {
			out[i] = c.Name + " changed"
		}
	}
	return strings.Join(out, ", ")
}
