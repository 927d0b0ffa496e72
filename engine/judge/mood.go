package judge

import "github.com/ldcorn/ldcorn/engine/api"

// StateMood returns how good a state of a worker is.
func StateMood(s api.WorkerState) api.Mood {
	switch s {
	case api.StateReady:
		return api.MoodGood
	case api.StateFailed, api.StateBackoff, api.StateExited:
		return api.MoodBad
	case api.StateStarting, api.StateDraining, api.StateStopping:
		return api.MoodWarn
	}
	return api.MoodPlain
}

// ReadyMood returns how good it is that so many workers of those that are wanted are
// ready.
func ReadyMood(ready, wanted int) api.Mood {
	switch {
	case wanted == 0:
		return api.MoodPlain
	case ready >= wanted:
		return api.MoodGood
	case ready == 0:
		return api.MoodBad
	}
	return api.MoodWarn
}

// QueueMood returns how good it is that the requests of a group wait as they do.
func QueueMood(g *api.GroupStatus) api.Mood {
	switch {
	case g.Queue.Overloaded:
		return api.MoodBad
	case g.Queued > 0:
		return api.MoodWarn
	}
	return api.MoodPlain
}

// eventMoods are the moods of the events that have one. It is read-only.
var eventMoods = map[api.EventKind]api.Mood{
	api.EventReady: api.MoodGood, api.EventReloaded: api.MoodGood, api.EventApplied: api.MoodGood, api.EventRelieved: api.MoodGood,
	api.EventReleased: api.MoodGood, api.EventIncidentOver: api.MoodGood, api.EventCertificate: api.MoodGood, api.EventCertRecovered: api.MoodGood,

	api.EventHeld: api.MoodWarn, api.EventKept: api.MoodWarn, api.EventCertWarning: api.MoodWarn, api.EventLeaving: api.MoodWarn,
	api.EventShutdown: api.MoodWarn, api.EventSlow: api.MoodWarn, api.EventOverloaded: api.MoodWarn, api.EventHookFailed: api.MoodWarn,

	api.EventCrashed: api.MoodBad, api.EventFailed: api.MoodBad, api.EventStartFailed: api.MoodBad, api.EventReloadFailed: api.MoodBad,
	api.EventRefused: api.MoodBad, api.EventBeforeFailed: api.MoodBad, api.EventCertFailed: api.MoodBad, api.EventIncident: api.MoodBad,
}

// EventMood returns how good an event of a kind is.
func EventMood(k api.EventKind) api.Mood { return eventMoods[k] }

// EventMoods returns the moods of all events that have one. The caller must not change
// the map.
func EventMoods() map[api.EventKind]api.Mood { return eventMoods }

// worse returns the worse of two moods.
func worse(a, b api.Mood) api.Mood {
	for _, m := range []api.Mood{api.MoodBad, api.MoodWarn, api.MoodGood} {
		if a == m || b == m {
			return m
		}
	}
	return api.MoodPlain
}

// Mark sets the moods of groups and their workers, from their states and the incidents.
func Mark(groups []api.GroupStatus, incidents []api.Incident) {
	for i := range groups {
		g := &groups[i]
		if g.Mood = ReadyMood(g.Ready, g.Instances); g.Failed {
			g.Mood = api.MoodBad
		}
		if g.Held {
			g.Mood = worse(g.Mood, api.MoodWarn)
		}
		if g.Removed {
			g.Mood = api.MoodPlain
		}
		for k := range g.Workers {
			w := &g.Workers[k]
			w.Mood = StateMood(w.State)
			for n := range incidents {
				if in := &incidents[n]; in.Group == g.Name && in.Worker != nil && *in.Worker == w.Index && (in.PID == 0 || in.PID == w.PID) {
					w.Mood = worse(w.Mood, in.Mood)
				}
			}
		}
		for n := range incidents {
			if incidents[n].Group == g.Name && !g.Removed {
				g.Mood = worse(g.Mood, incidents[n].Mood)
			}
		}
	}
}
