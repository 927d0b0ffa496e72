package control

import (
	"bytes"
	_ "embed" // the page
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

//go:embed dashboard.html
var dashboardText string

// dashboardPage returns the parsed page. Only a master needs it.
var dashboardPage = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("dashboard").Parse(dashboardText))
})

// dashboardPolicy allows the style of the page and nothing else, so that text from
// workers and configurations stays text.
const dashboardPolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// A dashboard is the data of the page. Its methods format the data.
type dashboard struct {
	api.MasterStatus
	Version    string
	LastReload *PublicReload
	RateLimits []api.RateLimit
	Waiting    string // see the function
	Running    *api.Running
	Now        time.Time
	Events     []api.Event // the newest first
}

// Ago returns how long ago a time was.
func (d dashboard) Ago(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return Age(d.Now.Sub(t))
}

// Note says what is unusual about a group.
func (d dashboard) Note(g api.GroupStatus) string { return Note(&g, d.Now) }

// Progress says how far the running reload or scaling is.
func (d dashboard) Progress() string { return Progress(d.Running, d.Now) }

// State returns the state of a worker.
func (dashboard) State(k api.WorkerStatus) string { return State(&k) }

// MiB formats a number of bytes. It returns a dash for 0, which is not measured yet.
func (dashboard) MiB(bytes int64) string {
	if bytes == 0 {
		return "-"
	}
	return strconv.FormatInt(bytes>>20, 10) + " MiB"
}

// Dash formats a number. It returns a dash for 0.
func (dashboard) Dash(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}

// shownEvents is how many events the page shows.
const shownEvents = 20

// dashboard shows the status to people. Programs get the index of the pages.
func (a *Admin) dashboard(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Accept")
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		tell(w, http.StatusOK, a.index())
		return
	}
	defer a.opts.Busy()()
	last, running := a.opts.Reload()
	shown := dashboard{MasterStatus: a.opts.Master.Status(), Version: a.opts.Version, LastReload: last, Running: running, RateLimits: a.opts.Limits(),
		Now: time.Now(), Events: a.opts.Events.Newest(shownEvents)}
	slices.Reverse(shown.Events)
	buffers := a.opts.Buffers()
	shown.Waiting = Waiting(&buffers)
	var body bytes.Buffer
	if err := dashboardPage().Execute(&body, shown); err != nil {
		a.opts.Log.Error("dashboard not written", "err", err)
		tell(w, http.StatusInternalServerError, "the page could not be made; the log of the master says why\n")
		return
	}
	w.Header().Set("Content-Security-Policy", dashboardPolicy)
	respond(w, http.StatusOK, "text/html; charset=utf-8", body.Bytes())
}
