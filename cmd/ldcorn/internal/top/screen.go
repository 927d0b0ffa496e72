package top

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/judge"
)

// A drawing is how texts are drawn.
type drawing struct {
	look terminal.Look
	styles
}

func (d *drawing) ellipsis() string {
	if d.look.ASCII {
		return "~"
	}
	return "…"
}

// pad returns a text in a width, cut or with blanks.
func (d *drawing) pad(text string, width int, right bool) string {
	text = ansi.Truncate(text, width, d.ellipsis())
	blanks := strings.Repeat(" ", max(0, width-ansi.StringWidth(text)))
	if right {
		return blanks + text
	}
	return text + blanks
}

// View implements tea.Model.
func (m *model) View() tea.View {
	v := tea.NewView(strings.Join(m.lines(), "\n"))
	v.AltScreen = true
	return v
}

// The heights from which parts of the screen are shown.
const (
	footerFrom = 2
	tabsFrom   = 4
	headFrom   = 6
	totalsFrom = 8
	graphsFrom = 6 // that are left under a table
)

// lines returns the screen: as many lines as it has, none of them too long.
func (m *model) lines() []string {
	out := append(m.head(), m.notices()...)
	if m.height >= tabsFrom {
		out = append(out, m.tabs())
	}
	foot := 0
	if m.height >= footerFrom {
		foot = 1
	}
	out = out[:min(len(out), m.height-foot)]
	if room := m.height - foot - len(out); room > 0 {
		if m.pane != nil {
			out = append(out, m.pane.draw(m, m.width, room)...)
		} else {
			out = append(out, m.rows(room)...)
		}
	}
	for len(out) < m.height-foot {
		out = append(out, "")
	}
	if foot > 0 {
		out = append(out, m.footer())
	}
	for i := range out {
		out[i] = ansi.Truncate(out[i], m.width, m.drawing.ellipsis())
	}
	return out
}

// body returns how many lines there are for the table or the pane.
func (m *model) body() int {
	used := len(m.head()) + len(m.notices())
	if m.height >= tabsFrom {
		used++
	}
	if m.height >= footerFrom {
		used++
	}
	return max(m.height-used, 0)
}

// head returns the lines about the master and about all groups.
func (m *model) head() (out []string) {
	if m.data == nil || m.height < headFrom {
		return nil
	}
	st := m.data.Status
	out = append(out, fmt.Sprintf("ldcorn %s, pid %d, up %s, generation %d, %s", st.Version, st.PID, control.Age(st.Now.Sub(st.Started)), st.Generation, st.Config))
	if m.height < totalsFrom {
		return out
	}
	return append(out, m.totals())
}

// How wide the texts about all groups usually are, and how wide the sparkline between
// them can be.
const (
	totalsWidth = 72
	mostTotals  = 40
)

// totals returns a line about all groups.
func (m *model) totals() string {
	var requests, errors, cpu []api.Series
	for _, g := range m.data.Past.Groups {
		requests, errors, cpu = append(requests, g.Requests), append(errors, g.Errors), append(cpu, g.CPU)
	}
	ready, want, queued, rss := 0, 0, 0, m.data.Status.RSS
	for i := range m.data.Status.Groups {
		g := &m.data.Status.Groups[i]
		ready, want, queued = ready+g.Ready, want+g.Instances, queued+g.Queued
		for k := range g.Workers {
			rss += g.Workers[k].RSS
		}
	}
	n, d := m.seen(), &m.drawing
	all := sum(requests)
	parts := []string{d.show(strong, rate(mean(all, n)).text+" req/s")}
	if width := min(m.width-totalsWidth, mostTotals); width > 0 {
		parts = append(parts, d.show(graph, spark(all, width, d.look.ASCII)))
	}
	parts = append(parts, rate(mean(sum(errors), n)).text+" 5xx/s",
		fmt.Sprintf("%d/%d ready", ready, want), strconv.Itoa(queued)+" queued", strconv.Itoa(m.data.Requests.Total)+" in hand",
		"CPU "+processors(mean(sum(cpu), n)).text, "RSS "+memory(rss).text)
	if n := m.data.Requests.TotalWebsockets; n > 0 {
		parts = append(parts, terminal.Count(n, "websocket"))
	}
	return strings.Join(parts, "  ")
}

// notices returns lines about what is unusual.
func (m *model) notices() (out []string) {
	d := &m.drawing
	if m.lost != nil {
		text := "lost the master, and looking for it: " + line(m.lost.Error())
		if m.data != nil {
			text = "lost the master, and looking for it; this is what was: " + line(m.lost.Error())
		}
		out = append(out, d.show(bad, text))
	}
	if m.data == nil || m.height < tabsFrom {
		return out
	}
	st := m.data.Status
	if st.Stopping != nil {
		out = append(out, d.show(warn, control.Stopping(st.Stopping, st.Now)))
	}
	switch {
	case st.Running != nil && st.Generation > 0:
		out = append(out, d.show(warn, control.Progress(st.Running, st.Now)))
	case st.LastReload != nil && st.LastReload.Error != "":
		out = append(out, d.show(bad, fmt.Sprintf("the last reload failed %s ago: %s", control.Age(st.Now.Sub(st.LastReload.At)), line(st.LastReload.Brief()))))
	}
	return append(out, m.incidents()...)
}

// incidentLines is the part of the height that incidents have at most: one in so many.
const incidentLines = 3

// incidents returns lines about what is wrong: one for each incident, as far as there is
// room, and then the details of the first ones.
func (m *model) incidents() (out []string) {
	all, d := m.data.Status.Incidents, &m.drawing
	room := max(m.height/incidentLines, 1)
	shown, more := len(all), 0
	if shown > room {
		shown, more = max(room-1, 1), 1
	}
	spare := max(room-shown-more, 0)
	for i := range all[:shown] {
		lines := m.incident(&all[i], 1+spare)
		spare -= len(lines) - 1
		for _, line := range lines {
			out = append(out, d.show(moodOf(all[i].Mood), line))
		}
	}
	if more > 0 && room > 1 {
		out = append(out, d.show(warn, fmt.Sprintf("!  and %d more: ldcorn status shows them", len(all)-shown)))
	}
	return out
}

// incident returns as many whole lines about an incident as there is room for, at least a
// part of the first one.
func (m *model) incident(in *api.Incident, room int) (out []string) {
	for i, text := range judge.Lines(in, m.data.Status.Now) {
		text = "   " + text
		if i == 0 {
			text = "!" + text[1:]
		}
		wrapped := strings.Split(terminal.Wrap(text, m.width), "\n")
		switch {
		case len(out)+len(wrapped) <= room:
			out = append(out, wrapped...)
		case i == 0:
			return []string{ansi.Truncate(text, m.width, m.drawing.ellipsis())}
		default:
			return out
		}
	}
	return out
}

// line returns the first line of a text.
func line(text string) string {
	first, _, _ := strings.Cut(text, "\n")
	return first
}

// allTabs is the width from which all views are named.
const allTabs = 60

// tabs returns the line with the views, and how the present one is shown.
func (m *model) tabs() string {
	var b strings.Builder
	for v := range views {
		text := fmt.Sprintf(" %d ", v+1)
		if v == m.view || m.width >= allTabs {
			text += viewNames[v] + " "
		}
		if v == m.view {
			text = m.drawing.show(chosen, text)
		}
		b.WriteString(text)
	}
	place := m.places[m.view]
	if place.order != (order{}) {
		b.WriteString("  sorted by " + cmp.Or(place.order.column, "default"))
		if place.order.up {
			b.WriteString(", reversed")
		}
	}
	if m.filter != "" {
		b.WriteString("  filter: " + m.filter)
	}
	if m.paused {
		b.WriteString("  " + m.drawing.show(warn, "paused"))
	}
	return b.String()
}

// rows returns the table in some lines, and graphs under it if there is room.
func (m *model) rows(room int) (out []string) {
	t := m.shown()
	d, p := &m.drawing, &m.places[m.view]
	s := t.fit(m.width)
	head := room > 1
	if head {
		out = append(out, t.head(s, p.order, d))
		room--
	}
	if len(t.rows) == 0 {
		text := t.empty
		if m.filter != "" && m.data != nil {
			text = "nothing matches the filter; Esc ends it"
		}
		return append(out, d.show(dim, text))
	}
	at := m.chosen(&t)
	p.top = max(min(p.top, at, len(t.rows)-room), at-room+1, 0)
	for i := p.top; i < min(p.top+room, len(t.rows)); i++ {
		out = append(out, t.line(&t.rows[i], s, i == at, d))
	}
	if left := len(t.rows) - room; left > 0 && head {
		out[0] += d.show(dim, more(p.top, room, len(t.rows)))
	}
	if left := room - len(t.rows); left >= graphsFrom && m.view == groupsView {
		out = append(out, m.graphs(t.rows[at].group, left)...)
	}
	return out
}

// more says which part of a list is shown.
func more(top, room, all int) string {
	return fmt.Sprintf("  %d-%d of %d", top+1, min(top+room, all), all)
}

// graphs returns the past of a group in some lines.
func (m *model) graphs(group string, room int) []string {
	p, d := m.data.Past.Groups[group], &m.drawing
	all := []struct {
		name string
		s    api.Series
		top  func(float32) cell
	}{
		{"req/s", p.Requests, rate}, {"5xx/s", p.Errors, rate}, {"p95", p.P95, times}, {"queue", p.Queued, rate}, {"CPU", p.CPU, processors},
		{"RSS", p.RSS, func(v float32) cell { return memory(int64(v)) }}, {"p50", p.P50, times}, {"p99", p.P99, times},
	}
	width := max(min(m.width-24, len(p.Requests)), 1)
	out := []string{"", d.show(strong, group) + d.show(dim, fmt.Sprintf(": the last %d seconds", width))}
	for _, g := range all[:min(len(all), room-2)] {
		shown := g.s[max(0, len(g.s)-width):]
		text := ""
		if top := highest(shown); top == top {
			text = " highest " + g.top(top).text
		}
		out = append(out, fmt.Sprintf("%-5s ", g.name)+d.show(graph, spark(shown, width, d.look.ASCII))+d.show(dim, text))
	}
	return out
}

// The keys that the footer names.
const (
	viewKeys = "?:help q:quit s:sort /:filter p:pause P:plan R:reload T:restart H:hold N:scale"
	paneKeys = "Esc:back Up,Down:scroll"
	planKeys = "Esc:back R:apply this plan Up,Down:scroll"
)

// footer returns the last line: what the user is asked, what was done, or the keys.
func (m *model) footer() string {
	d := &m.drawing
	switch {
	case m.ask != nil:
		return d.show(warn, m.ask.text) + " y = yes, any other key = no"
	case m.prompt != nil:
		return d.show(strong, m.prompt.label) + m.prompt.text + d.show(chosen, " ")
	case m.note.text != "":
		return d.show(m.note.mood, line(m.note.text))
	case len(m.under) > 0:
		return d.show(warn, strings.Join(m.under, ", "))
	case m.pane != nil && m.pane.report != nil:
		return d.show(dim, planKeys)
	case m.pane != nil:
		return d.show(dim, paneKeys)
	}
	return d.show(dim, viewKeys)
}
