package plan

import "github.com/ldcorn/ldcorn/engine/api"

// NewReport reports what a reload to next would do. changes is the Diff from
// base to next with opts.
func NewReport(base api.PlanBase, next *Plan, changes Changes, opts DiffOptions) *api.Plan {
	r := &api.Plan{
		FormatVersion: api.PlanVersion, Config: next.Path, Fingerprint: next.Fingerprint, Against: base,
		Replace: opts.names(), All: opts.ReplaceAll,
		BeforeStart: []api.PlanCommand{}, Groups: []api.PlanGroup{}, Listeners: listenerReports(changes.Listeners), Settings: reports(changes.Plan), Restart: reports(changes.Restart),
		Diagnostics: []api.PlanWarning{}, Python: next.Python, Inputs: []api.PlanInput{},
		Args: []api.PlanArg{}, Set: next.Set,
	}
	for i := range changes.BeforeStart {
		c := &changes.BeforeStart[i]
		r.BeforeStart = append(r.BeforeStart, api.PlanCommand{Command: c.Args, Group: next.GroupOf(c).Name})
	}
	for i := range changes.Groups {
		g := groupReport(&changes.Groups[i])
		r.Groups = append(r.Groups, g)
		r.Processes.Before += g.Workers.Before
		r.Processes.After += g.Workers.After
		r.Processes.Peak += g.Workers.Before + changes.Groups[i].Added()
		count(&r.Summary, &g)
	}
	atOnce, all := changes.AtOnce(next.ReloadSurge)
	r.AtOnce, r.Limited = atOnce, !all
	r.Processes.Peak += r.AtOnce
	if len(r.Settings) > 0 || base.Kind != api.BaseNothing && changes.Moved() {
		r.Summary.Change++
	}
	r.Summary.NeedAction += len(r.Restart) + changes.Waiting()
	for _, in := range next.Inputs {
		r.Inputs = append(r.Inputs, api.PlanInput{Kind: api.PlanInputKind(in.Kind), Name: in.Name, Digest: in.Digest, Value: in.Value})
	}
	for _, a := range changes.Args {
		r.Args = append(r.Args, api.PlanArg(a))
	}
	return r
}

func count(s *api.PlanSummary, g *api.PlanGroup) {
	switch g.Action {
	case api.ActionAdd:
		s.Add++
	case api.ActionRemove:
		s.Remove++
	case api.ActionReplace:
		s.Replace++
	case api.ActionUpdate, api.ActionResize:
		s.Change++
	case api.ActionKeep:
		if len(g.Pinned) == 0 {
			s.Keep++
		}
	}
	if len(g.Pinned) > 0 {
		s.NeedAction++
	}
}

func groupReport(c *Change) api.PlanGroup {
	g := api.PlanGroup{Name: c.Name, Action: api.PlanAction(c.Action), Reason: c.Reason, Hint: c.Hint,
		Changes: reports(c.Changes), Pinned: reports(c.Pinned)}
	if c.Old != nil {
		g.Workers.Before = c.Old.Instances
	}
	if c.New != nil {
		g.Workers.After = c.New.Instances
	}
	w := &g.Workers
	if c.Action == Replace {
		w.Start, w.Stop = w.After, w.Before
	} else {
		w.Start, w.Stop = max(w.After-w.Before, 0), max(w.Before-w.After, 0)
	}
	return g
}

func listenerReports(changes []ListenerChange) []api.PlanListener {
	out := make([]api.PlanListener, len(changes))
	for i := range changes {
		c := &changes[i]
		out[i] = api.PlanListener{Address: c.Name, Action: api.PlanAction(c.Action), Restart: c.NeedsRestart(), Reason: c.Reason, Hint: c.Hint, Changes: reports(c.Changes)}
	}
	return out
}

func reports(changes []AttributeChange) []api.PlanChange {
	out := make([]api.PlanChange, len(changes))
	for i, c := range changes {
		out[i] = api.PlanChange{Name: c.Name, Effect: api.PlanEffect(c.Effect), Before: c.Before, After: c.After, Default: c.Default}
	}
	return out
}
