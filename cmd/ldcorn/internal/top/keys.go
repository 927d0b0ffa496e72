package top

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// helpText is what ? shows.
const helpText = `Views
  1 2 3 4        groups, workers, requests in hand, events
  Tab, S-Tab     the next view, and the one before
  Enter          the workers of the group, the requests of the worker
Rows
  Up Down, k j   choose a row; also PgUp, PgDn, Home, End, g, G
  s, > and <     sort by the next column, and by the one before
  S              the other way round
  /              filter: only rows with a text; Esc ends that
  p              pause the display, and go on
The master
  P              plan: what a reload would do
  R              reload, after you say yes; in a plan, just that plan
The worker or the group of the chosen row, after you say yes
  t              restart the worker: replace it
  T              restart the group: replace its workers, one after another
  H, L           hold its requests, let them go on
  N              scale: run another number of workers
ldcorn top
  ?              this help
  q, Ctrl-C      quit; what the master does for you goes on`

// maxTyped limits what the user can type, in bytes.
const maxTyped = 200

// A prompt is a line that the user types.
type prompt struct {
	label string
	text  string
	typed func(text string)         // is called with each change; nil for no need
	enter func(text string) tea.Cmd // is called at the end; nil for no need
	leave func()                    // is called if the user gives up
}

// press handles a key.
func (m *model) press(key tea.KeyPressMsg) tea.Cmd {
	k := key.String()
	switch {
	case k == "ctrl+c":
		return tea.Quit
	case k == "ctrl+z":
		return tea.Suspend
	case k == "ctrl+l":
		return tea.ClearScreen
	case m.ask != nil:
		return m.answer(k)
	case m.prompt != nil:
		return m.typing(k, key.Text)
	}
	m.note = note{}
	if m.pane != nil && m.pane.press(k, m) {
		return nil
	}
	return m.command(k)
}

// answer handles a key while there is a question.
func (m *model) answer(k string) tea.Cmd {
	ask := m.ask
	m.ask = nil
	if k == "y" || k == "Y" {
		return ask.yes()
	}
	m.note = note{"nothing was done", dim}
	return nil
}

// typing handles a key while the user types.
func (m *model) typing(k, text string) tea.Cmd {
	p := m.prompt
	switch k {
	case "enter":
		m.prompt = nil
		if p.enter != nil {
			return p.enter(p.text)
		}
	case "esc":
		m.prompt = nil
		if p.leave != nil {
			p.leave()
		}
	case "backspace", "ctrl+h":
		_, n := utf8.DecodeLastRuneInString(p.text)
		m.set(p.text[:len(p.text)-n])
	case "ctrl+u":
		m.set("")
	default:
		m.enter(text)
	}
	return nil
}

// enter adds a text to what the user has typed.
func (m *model) enter(text string) {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, text)
	if len(m.prompt.text)+len(text) <= maxTyped {
		m.set(m.prompt.text + text)
	}
}

// set changes what the user has typed.
func (m *model) set(text string) {
	p := m.prompt
	p.text = text
	if p.typed != nil {
		p.typed(text)
	}
}

// command handles a key of the views.
func (m *model) command(k string) tea.Cmd {
	switch k {
	case "q":
		return tea.Quit
	case "?", "h":
		m.pane = &pane{title: "Help", text: helpText}
	case "1", "2", "3", "4":
		m.show(view(k[0] - '1'))
	case "tab", "right":
		m.show((m.view + 1) % views)
	case "shift+tab", "left":
		m.show((m.view + views - 1) % views)
	case "p", "space":
		m.pause()
	case "/":
		m.askFilter()
	case "esc":
		m.filter = ""
	case "enter":
		m.deeper()
	case "P":
		return m.plan()
	case "R":
		if m.reloading() {
			m.pane = &pane{title: "Reload", steps: true}
		} else {
			m.askReload()
		}
	case "t":
		m.forWorker()
	case "T", "H", "L", "N":
		m.forGroup(k)
	default:
		m.within(k)
	}
	return nil
}

// within handles a key that is about the rows of a view.
func (m *model) within(k string) {
	page := max(m.body()-1, 1)
	switch k {
	case "up", "k":
		m.move(-1)
	case "down", "j":
		m.move(1)
	case "pgup", "ctrl+b":
		m.move(-page)
	case "pgdown", "ctrl+f":
		m.move(page)
	case "home", "g":
		m.move(-1 << 30)
	case "end", "G":
		m.move(1 << 30)
	case "s", ">":
		m.sortBy(1)
	case "<":
		m.sortBy(-1)
	case "S":
		m.places[m.view].order.up = !m.places[m.view].order.up
	}
}

// sortBy sorts the view by another column: first come its own order, then the columns.
func (m *model) sortBy(step int) {
	t, p := m.table(m.view), &m.places[m.view]
	names := append([]string{""}, t.sortable()...)
	i := max(slices.Index(names, p.order.column), 0)
	p.order = order{column: names[(i+step+len(names))%len(names)]}
}

// askFilter lets the user type a filter, which takes effect with each key.
func (m *model) askFilter() {
	before := m.filter
	m.prompt = &prompt{label: "filter: ", text: before, typed: func(text string) { m.filter = text }, leave: func() { m.filter = before }}
}

// deeper shows what belongs to the chosen row.
func (m *model) deeper() {
	t := m.shown()
	i := m.chosen(&t)
	if i < 0 || m.view > workersView {
		return
	}
	switch m.view {
	case groupsView:
		m.filter = t.rows[i].group + "."
	case workersView:
		m.filter = t.rows[i].cells[0].text
	}
	m.show(m.view + 1)
}

// forWorker handles the key that restarts the chosen worker.
func (m *model) forWorker() {
	t := m.shown()
	i := m.chosen(&t)
	if i < 0 || t.rows[i].worker == nil {
		m.note = note{"choose a row that belongs to a worker first", warn}
		return
	}
	m.restartWorker(t.rows[i].group, *t.rows[i].worker)
}

// forGroup handles a key that is about the chosen group.
func (m *model) forGroup(k string) {
	group := m.group()
	switch {
	case group == "":
		m.note = note{"choose a row that belongs to a group first", warn}
	case k == "T":
		m.restart(group)
	case k == "H":
		m.hold(group)
	case k == "L":
		m.release(group)
	case k == "N":
		m.prompt = &prompt{label: "how many workers for " + group + "? ", enter: func(text string) tea.Cmd {
			if n, err := strconv.Atoi(strings.TrimSpace(text)); err == nil {
				m.scale(group, n)
			} else {
				m.note = note{"got " + strconv.Quote(text) + ", want a number of workers", bad}
			}
			return nil
		}}
	}
}
