package control

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

// readyz says whether every group can serve requests. No group can once the master
// has begun to stop.
func (a *Admin) readyz(w http.ResponseWriter, r *http.Request) {
	groups := a.opts.Master.Groups()
	verbose := r.URL.Query().Has("verbose")
	lines, ready := readiness(groups, verbose)
	select {
	case <-a.opts.Stopping:
		lines, ready = append(lines, "stopping"), false
	default:
		if len(groups) == 0 {
			lines, ready = append(lines, "starting"), false
		}
	}
	switch {
	case !ready:
		tell(w, http.StatusServiceUnavailable, strings.Join(append(lines, "not ready\n"), "\n"))
	case verbose:
		tell(w, http.StatusOK, strings.Join(append(lines, "ok\n"), "\n"))
	default:
		tell(w, http.StatusOK, "ok\n")
	}
}

// readiness returns a line for each group that has no ready worker, or for each
// group if all is set, and whether every group has one.
func readiness(groups []api.GroupStatus, all bool) (lines []string, ready bool) {
	ready = true
	for i := range groups {
		g := &groups[i]
		if g.Removed {
			continue // its workers end on their own
		}
		mark := "[+]"
		if g.Ready == 0 {
			mark, ready = "[-]", false
		}
		if all || g.Ready == 0 {
			line := fmt.Sprintf("%s%s: %d of %d workers ready", mark, g.Name, g.Ready, g.Instances)
			if note := Note(g, time.Now()); note != "" {
				line += ", " + note
			}
			lines = append(lines, line)
		}
	}
	return lines, ready
}
