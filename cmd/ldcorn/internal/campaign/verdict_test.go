//go:build linux

package campaign

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A sighting is a request that an app has started to work on.
type sighting struct {
	at    int64
	group string
	id    string
	busy  int // requests in hand of the worker, including this one
}

// judge checks what clients and apps have seen against the rules.
func (c *campaign) judge() {
	seen := c.sightings()
	times := make(map[string]int)
	for _, s := range seen {
		times[s.id]++
		if most := c.mostBusy(s); most > 0 {
			assert.LessOrEqual(c.t, s.busy, most, "in hand on a worker of %s with %s", s.group, s.id)
		}
	}
	for id, n := range times {
		most := 3 // the first attempt and two retries
		if !idempotentID(id) {
			most = 1
		}
		assert.LessOrEqual(c.t, n, most, "%s reached an app", id)
	}
	for _, id := range c.vanished {
		assert.Zero(c.t, times[id], "%s left the queue and reached an app", id)
	}
	lost, good := make(map[string]int), make(map[string]int)
	for _, o := range c.outcomes {
		switch {
		case o.status == 200 && o.body == "":
			good[o.group]++
		case !c.allows(&o, times[o.id]):
			assert.Fail(c.t, "a failure that no rule allows",
				"%s %s in %s: status %d, %s; it reached an app %d times, in %d ms", o.method, o.id, o.group, o.status, o.body,
				times[o.id], (o.to-o.from)/1e6)
		case o.status <= 0 || o.status == 502:
			lost[o.group]++
		}
	}
	kills := make(map[string]int)
	for _, k := range c.kills {
		kills[k.group]++
	}
	for group, cap := range map[string]int{exact: exactCap, moving: mostMoving, late: lateCap} {
		requests := lost[group] - c.closedSockets(group)
		assert.LessOrEqual(c.t, requests, kills[group]*cap, "lost in %s, by %d kills", group, kills[group])
	}
	for _, group := range []string{exact, moving, late, free} {
		assert.NotZero(c.t, good[group], "nothing came of %s", group)
	}
	assert.NotEmpty(c.t, c.kills)
	c.t.Logf("seed %d: good %v, lost %v, kills %v, reloads %d, moves %d, left a held queue %d", c.seed, good, lost, kills,
		len(c.caps)-1, len(c.moves), len(c.vanished))
	if c.t.Failed() {
		c.t.Logf("log of the master:\n%s", c.showLog())
	}
}

// idempotentID reports whether the request with the id can be repeated.
func idempotentID(id string) bool {
	return strings.HasPrefix(id, "GET-") || strings.HasPrefix(id, "PUT-")
}

// mostBusy returns how many requests a worker can have in hand when it starts
// to work on one; 0 = no limit. If the cap changes, it returns the largest one
// in force from when the client sent the request, which no worker can have had
// before, until the app saw it.
func (c *campaign) mostBusy(s sighting) (most int) {
	switch s.group {
	case exact:
		return exactCap
	case late:
		return lateCap
	case free:
		return 0
	}
	for _, k := range c.caps {
		if k.meets(span{c.began[s.id], s.at}) {
			most = max(most, k.cap)
		}
	}
	return most
}

// allows reports whether a rule allows this outcome for a client that stayed.
func (c *campaign) allows(o *outcome, seen int) bool {
	kills := c.killsIn(o.group, o.span)
	switch {
	case o.method == "WS":
		return kills > 0 || c.movedIn(o.group, o.span)
	case o.status == cut:
		return kills > 0
	case o.status == 502 && idempotentID(o.id):
		// Two workers that die while they handle it are enough (see "When a
		// worker fails" in docs/workers.md).
		return kills > 2 || kills == 2 && seen >= 2
	case o.status == 502:
		return kills > 0
	case o.group != late:
		return false
	case o.status == 503:
		full := strings.Contains(o.body, "too many requests are waiting") ||
			strings.Contains(o.body, "another request took its place") ||
			strings.Contains(o.body, " in time")
		none := strings.Contains(o.body, "no worker is available") // its only worker is being restarted
		return (full || none) && (seen == 0 || kills > 0)
	}
	return o.status == 504 && strings.Contains(o.body, "the worker did not answer in time")
}

func (c *campaign) movedIn(group string, s span) bool {
	return slices.ContainsFunc(c.moves, func(m disruption) bool { return (m.group == "" || m.group == group) && m.meets(s) })
}

// closedSockets counts the websockets that ended too early, which reloads can
// also cause.
func (c *campaign) closedSockets(group string) (n int) {
	for _, o := range c.outcomes {
		if o.group == group && o.method == "WS" && o.status != 200 {
			n++
		}
	}
	return n
}

// sightings reads what the apps have recorded.
func (c *campaign) sightings() (all []sighting) {
	files, err := filepath.Glob(filepath.Join(c.dir, "seen", "*"))
	require.NoError(c.t, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(c.t, err)
		for line := range strings.Lines(string(data)) {
			var s sighting
			_, err := fmt.Sscan(line, &s.at, &s.group, &s.id, &s.busy)
			require.NoError(c.t, err, "%s: %q", file, line)
			all = append(all, s)
		}
	}
	require.NotEmpty(c.t, all)
	return all
}
