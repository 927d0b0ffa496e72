package top

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/judge"
)

// A view is one of the tables that the user can look at.
type view uint8

// The views.
const (
	groupsView view = iota
	workersView
	requestsView
	eventsView
	views // how many there are
)

// viewNames are the names of the views. They are read-only.
var viewNames = [views]string{"Groups", "Workers", "Requests", "Events"}

// table returns the table of a view, in its own order.
func (m *model) table(v view) table {
	switch {
	case m.data == nil:
		return table{columns: []column{{name: ""}}, empty: "waiting for the master"}
	case v == groupsView:
		return m.groups()
	case v == workersView:
		return m.workers()
	case v == requestsView:
		return m.requests()
	default:
		return m.events()
	}
}

// seen is over how many seconds of the past a rate is taken: since the look before.
func (m *model) seen() int { return max(1, int((m.opts.Interval+time.Second-1)/time.Second)) }

// percentileAge is how many seconds old a percentile can be: a second without requests
// has none.
const percentileAge = 10

func (m *model) groups() table {
	t := table{empty: "no group is ready yet", columns: []column{{name: "GROUP"}, {name: "READY"}, {name: "REQ/S", right: true}, {name: "5XX/S", right: true},
		{name: "P50", right: true, drop: 2}, {name: "P95", right: true, drop: 9}, {name: "P99", right: true, drop: 5}, {name: "QUEUE", right: true, drop: 10}, {name: "WAIT", right: true, drop: 6},
		{name: "HAND", right: true, drop: 7}, {name: "RSS", right: true, drop: 4}, {name: "CPU", right: true, drop: 8}, {name: past, least: 4, drop: 3}}}
	for i := range m.data.Status.Groups {
		g := &m.data.Status.Groups[i]
		p := m.data.Past.Groups[g.Name]
		rss, n := int64(0), m.seen()
		for k := range g.Workers {
			rss += g.Workers[k].RSS
		}
		name := word(g.Name)
		switch {
		case g.Removed:
			name = word(g.Name + " (removed)").in(dim)
		case g.Held:
			name = word(g.Name + " (held)").in(warn)
		case g.Mood == api.MoodBad:
			name = name.in(bad)
		}
		errors := rate(mean(p.Errors, n))
		if errors.number > 0 {
			errors.mood = bad
		}
		queue := amount(float64(g.Queued), strconv.Itoa(g.Queued))
		queue.mood = moodOf(judge.QueueMood(g))
		wait := age(g.Queue.Oldest)
		if since, ok := m.blocked(g.Name, nil); ok && since.Seconds() > g.Queue.Oldest {
			wait = age(since.Seconds()).in(bad) // what is in hand waits there
		}
		t.rows = append(t.rows, row{key: g.Name, group: g.Name, cells: []cell{name, readyCell(g), rate(mean(p.Requests, n)), errors,
			times(recent(p.P50, percentileAge)), times(recent(p.P95, percentileAge)), times(recent(p.P99, percentileAge)),
			queue, wait, amount(float64(g.Requests), strconv.Itoa(g.Requests)), memory(rss), processors(mean(p.CPU, n)), {series: append(api.Series{}, p.Requests...)}}})
	}
	return t
}

func (m *model) workers() table {
	t := table{empty: "no group is ready yet", columns: []column{{name: "WORKER"}, {name: "PID", right: true, drop: 3}, {name: "STATE"}, {name: "FOR", right: true, drop: 4},
		{name: "REQ/S", right: true, drop: 5}, {name: "HAND", right: true, drop: 8}, {name: "RSS", right: true, drop: 7}, {name: "CPU", right: true, drop: 6},
		{name: "RESTARTS", right: true, drop: 1}, {name: "OLDEST", right: true, drop: 9}, {name: "REQUEST", least: 8, drop: 2}}}
	for i := range m.data.Status.Groups {
		g := &m.data.Status.Groups[i]
		for k := range g.Workers {
			w := &g.Workers[k]
			t.rows = append(t.rows, m.workerRow(g, w))
		}
	}
	return t
}

func (m *model) workerRow(g *api.GroupStatus, w *api.WorkerStatus) row {
	now, name := m.data.Status.Now, g.Name+"."+strconv.Itoa(w.Index)
	p, known := m.data.Past.Workers[workerKey{g.Name, w.Index}]
	if !known || w.New {
		p = WorkerPast{nan, nan} // those of the worker that has the seat
	}
	held := now.Sub(w.Since)
	since := amount(held.Seconds(), control.Age(held))
	if w.Since.Year() <= 1 {
		since = amount(-1, "-")
	}
	state := word(control.State(w)).in(moodOf(cmp.Or(w.Mood, judge.StateMood(w.State))))
	if long, ok := m.blocked(g.Name, w); ok {
		state, since = word("blocked").in(bad), amount(long.Seconds(), control.Age(long))
	}
	oldest, request := amount(-1, "-"), word(w.LastExit).in(dim)
	if w.Oldest != nil {
		oldest, request = age(w.Oldest.Age), word(w.Oldest.Method+" "+w.Oldest.Path)
	}
	pid := amount(0, "-")
	if w.PID != 0 {
		pid = amount(float64(w.PID), strconv.Itoa(w.PID))
	}
	return row{key: name + " " + strconv.Itoa(w.PID) + " " + strconv.FormatBool(w.New), group: g.Name, worker: &w.Index, cells: []cell{word(name), pid,
		state, since, rate(p.Requests), amount(float64(w.Requests+w.Websockets), strconv.Itoa(w.Requests+w.Websockets)),
		memory(w.RSS), processors(p.CPU), amount(float64(w.Restarts), strconv.Itoa(w.Restarts)), oldest, request}}
}

// blocked returns for how long the event loop of a worker has not answered, or the longest of
// those of a group if w is nil. It reports false if they answer.
func (m *model) blocked(group string, w *api.WorkerStatus) (long time.Duration, ok bool) {
	for i := range m.data.Status.Incidents {
		in := &m.data.Status.Incidents[i]
		if in.Kind != api.IncidentBlocked || in.Group != group || in.Worker == nil || w != nil && (*in.Worker != w.Index || in.PID != w.PID) {
			continue
		}
		long, ok = max(long, m.data.Status.Now.Sub(in.Since)), true
	}
	return long, ok
}

func (m *model) requests() table {
	t := table{empty: "no request is in hand", columns: []column{{name: "AGE", right: true}, {name: "STAGE"}, {name: "WORKER"}, {name: "HELD", right: true, drop: 3},
		{name: "QUEUED", right: true, drop: 2}, {name: "CLIENT", drop: 1}, {name: "METHOD", drop: 4}, {name: "PATH", least: 20}}}
	for i := range m.data.Requests.Requests {
		r := &m.data.Requests.Requests[i]
		stage := word(m.opts.Words.Stage(r))
		if r.Stage == api.StageQueued {
			stage.mood = warn
		}
		t.rows = append(t.rows, row{key: r.ID, group: r.Group, worker: r.Worker, cells: []cell{age(r.Age), stage, word(m.opts.Words.Worker(r)), age(r.Held),
			age(r.Queued), word(cmp.Or(r.Client, "-")), word(r.Method), word(r.Path)}})
	}
	return t
}

func (m *model) events() table {
	t := table{empty: "nothing has happened yet", columns: []column{{name: "TIME"}, {name: "SUBJECT"}, {name: "EVENT"}, {name: "DETAILS", least: 20}}}
	for i := len(m.data.Events) - 1; i >= 0; i-- {
		e := &m.data.Events[i].Event
		t.rows = append(t.rows, row{key: strconv.FormatUint(e.Number, 10), group: e.Group, worker: e.Worker, cells: []cell{word(e.At.In(m.zone).Format("15:04:05")), word(e.Subject()),
			word(m.opts.Words.Kind(e.Kind)).in(moodOf(judge.EventMood(e.Kind))), word(m.opts.Words.Event(e))}})
	}
	return t
}

func readyCell(g *api.GroupStatus) cell {
	return word(fmt.Sprintf("%d/%d", g.Ready, g.Instances)).in(moodOf(judge.ReadyMood(g.Ready, g.Instances)))
}

func rate(v float32) cell { return amount(float64(v), terminal.Number(float64(v))) }

func times(v float32) cell { return amount(float64(v), terminal.Latency(v)) }

// processors formats a number of processors that were busy, in percent of one.
func processors(v float32) cell {
	if v != v {
		return amount(-1, "-")
	}
	return amount(float64(v), strconv.Itoa(int(v*100+0.5))+"%")
}

// age formats a number of seconds.
func age(s float64) cell {
	switch {
	case s <= 0:
		return amount(0, "-")
	case s < 60:
		return amount(s, fmt.Sprintf("%.1fs", s))
	}
	return amount(s, control.Age(time.Duration(s*float64(time.Second))))
}

// memory formats a number of bytes in a few characters.
func memory(n int64) cell {
	text := "-"
	switch mib := float64(n) / (1 << 20); {
	case n <= 0:
	case mib < 1000:
		text = fmt.Sprintf("%.0fM", mib)
	case mib < 10_000:
		text = fmt.Sprintf("%.1fG", mib/1024)
	default:
		text = fmt.Sprintf("%.0fG", mib/1024)
	}
	return amount(float64(n), text)
}

// moodOf returns how the screen shows a judgment.
func moodOf(m api.Mood) mood {
	switch m {
	case api.MoodGood:
		return good
	case api.MoodWarn:
		return warn
	case api.MoodBad:
		return bad
	}
	return plain
}
