package top

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
)

// A reader is what the model needs of a source.
type reader interface {
	want(requests int32)
	look()
}

// A model is what the user sees and has chosen. Only the program uses it.
type model struct {
	opts   Options
	ctx    context.Context // of everything that the model asks the master to do
	reader reader
	doer   doer
	zone   *time.Location // of the user

	width, height int
	drawing       drawing

	data   *Data // that is shown; nil at first
	newest *Data // differs from data in a pause
	paused bool
	lost   error // why the master does not answer; nil if it does

	view   view
	places [views]place
	filter string

	prompt  *prompt   // that the user types in; nil for none
	ask     *question // that the user is to answer; nil for none
	pane    *pane     // over the table; nil for none
	note    note
	under   []string // what the master is doing for the user
	reloads *steps   // of the last reload from here; nil before the first
}

// A place is where the user is in a view.
type place struct {
	order  order
	chosen string // key of a row; "" for the first
	index  int    // of that row when it was last shown
	top    int    // the first row that is shown
}

// A note is a line about what was done.
type note struct {
	text string
	mood mood
}

func newModel(ctx context.Context, opts Options, src *source) *model {
	m := &model{opts: opts, ctx: ctx, reader: src, doer: &clientDoer{src}, zone: time.Local, width: 80, height: 24}
	m.drawing = drawing{look: opts.Look, styles: newStyles(opts.Look.Color, true)}
	return m
}

// Init implements tea.Model. It asks the terminal for its background.
func (m *model) Init() tea.Cmd {
	if !m.opts.Look.Color {
		return nil
	}
	return tea.RequestBackgroundColor
}

// Update implements tea.Model.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = max(msg.Width, 1), max(msg.Height, 1)
	case tea.BackgroundColorMsg:
		m.drawing.styles = newStyles(m.opts.Look.Color, msg.IsDark())
	case dataMsg:
		m.newest, m.lost = msg.Data, nil
		if !m.paused {
			m.data = msg.Data
		}
	case lostMsg:
		m.lost = msg.err
	case tea.PasteMsg:
		if m.prompt != nil {
			m.enter(msg.Content)
		}
	case tea.KeyPressMsg:
		return m, m.press(msg)
	default:
		m.result(msg)
	}
	return m, nil
}

// pause stops the display, or lets it go on.
func (m *model) pause() {
	m.paused = !m.paused
	if !m.paused {
		m.data = m.newest
	}
}

// show goes to a view.
func (m *model) show(v view) {
	m.view, m.pane = v, nil
	n := int32(fewRequests)
	if v == requestsView {
		n = manyRequests
	}
	m.reader.want(n)
}

// rows returns the table of the view as it is shown: sorted, and without what does not
// match the filter.
func (m *model) shown() table {
	t := m.table(m.view)
	t.keep(m.filter)
	t.sort(m.places[m.view].order)
	return t
}

// chosen returns the index of the chosen row, or -1 if there are no rows. If the row is
// gone, the one in its place is chosen.
func (m *model) chosen(t *table) int {
	p := &m.places[m.view]
	for i := range t.rows {
		if t.rows[i].key == p.chosen {
			p.index = i
			return i
		}
	}
	if p.chosen == "" {
		return min(0, len(t.rows)-1)
	}
	return min(p.index, len(t.rows)-1)
}

// move chooses another row.
func (m *model) move(by int) {
	t := m.shown()
	if len(t.rows) == 0 {
		return
	}
	i := min(max(m.chosen(&t)+by, 0), len(t.rows)-1)
	p := &m.places[m.view]
	p.chosen, p.index = t.rows[i].key, i
	if i == 0 && m.view >= requestsView {
		p.chosen = "" // stay at the beginning of what changes
	}
}

// group returns the group of the chosen row, or "".
func (m *model) group() string {
	t := m.shown()
	if i := m.chosen(&t); i >= 0 {
		return t.rows[i].group
	}
	return ""
}
