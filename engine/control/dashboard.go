package control

import (
	"bytes"
	_ "embed" // the page
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

//go:embed dashboard.html
var dashboardText string

// dashboardPolicy lets the page have its own style, and nothing else: what
// workers and configurations say is only ever text.
const dashboardPolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// newDashboard parses the page, which does not change.
func newDashboard() *template.Template {
	return template.Must(template.New("dashboard").Parse(dashboardText))
}

// A page is a status with the words that the dashboard has for it.
type page struct {
	api.Status
	Events []api.Event // the newest first
}

// Ago is how long ago something was, at the time of the status.
func (p page) Ago(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return Age(p.Now.Sub(t))
}

// Note is what is out of the ordinary with a group.
func (p page) Note(g api.GroupStatus) string { return Note(&g, p.Now) }

// Progress is what a reload or a scaling that runs is at.
func (p page) Progress() string { return Progress(p.Running, p.Now) }

// State is the state of a worker.
func (page) State(k api.WorkerStatus) string { return State(&k) }

// MiB writes a number of bytes, and a dash where none were measured yet.
func (page) MiB(bytes int64) string {
	if bytes == 0 {
		return "-"
	}
	return strconv.FormatInt(bytes>>20, 10) + " MiB"
}

// Brief is the first line of an error. What a worker wrote before it died is
// for those who may use the control socket.
func (page) Brief(err string) string {
	line, _, more := strings.Cut(err, "\n")
	if more {
		return strings.TrimSuffix(line, "; it wrote:") + " (ldcorn status says more)"
	}
	return line
}

// Dash writes a number, or that there is none.
func (page) Dash(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}

// shownEvents are on the page.
const shownEvents = 20

// newestEvents are those for the page, which anybody may read.
func (a *Admin) newestEvents() []api.Event {
	events := a.opts.Events.Newest(shownEvents)
	slices.Reverse(events)
	return events
}

// index shows the status to people, and to programs what else there is.
func (a *Admin) index(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Accept")
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		tell(w, http.StatusOK, adminIndex)
		return
	}
	defer a.opts.Busy()()
	var body bytes.Buffer
	st := statusNow(a.opts.Version, a.opts.Reload, a.opts.Master.Status(), a.opts.Counted)
	if err := a.dashboard.Execute(&body, page{st, a.newestEvents()}); err != nil {
		a.opts.Log.Error("dashboard not written", "err", err)
		tell(w, http.StatusInternalServerError, "the page could not be written; the master's log says why\n")
		return
	}
	w.Header().Set("Content-Security-Policy", dashboardPolicy)
	respond(w, http.StatusOK, "text/html; charset=utf-8", body.Bytes())
}
