package proxy

import (
	"net/http"
	"strconv"

	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// A probeAnswer is what ldcorn answers to a question about its health.
type probeAnswer struct {
	status     int
	text, json []byte
}

func newProbeAnswer(status int, says string) *probeAnswer {
	return &probeAnswer{status, []byte(says + "\n"), []byte(`{"status":` + strconv.Quote(says) + "}\n")}
}

// The answers. They say nothing about groups that the question has not named: anybody
// can ask.
var (
	probeOK       = newProbeAnswer(http.StatusOK, "ok")
	probeNotReady = newProbeAnswer(http.StatusServiceUnavailable, "not ready")
	probeStopping = newProbeAnswer(http.StatusServiceUnavailable, "stopping")
	probeNoGroup  = newProbeAnswer(http.StatusNotFound, "no such group")
	probeMethod   = newProbeAnswer(http.StatusMethodNotAllowed, "GET and HEAD only")
)

// The fields of the answers. No cache may keep an answer.
var (
	textProbe = probeFields("text/plain; charset=utf-8")
	jsonProbe = probeFields("application/json")
	onlyReads = plan.HeaderEdit{Op: plan.HeaderAdd, Name: "Allow", Value: plan.Plain("GET, HEAD")}
)

func probeFields(media string) []plan.HeaderEdit {
	return []plan.HeaderEdit{
		{Op: plan.HeaderAdd, Name: "Content-Type", Value: plan.Plain(media)},
		{Op: plan.HeaderAdd, Name: "Cache-Control", Value: plan.Plain("no-store")},
	}
}

// answerProbe answers a request that asks about the health of ldcorn. It counts as no
// request, in no log and no metric: balancers ask every few seconds.
func (r *Request) answerProbe(probe decide.Probe) error {
	r.told = true
	defer r.view.Release()
	a := probeOK
	switch {
	case !probe.Allows(r.head.Method):
		a = probeMethod
	case probe == decide.ProbeReady:
		a = r.readiness()
	}
	body, fields := a.text, textProbe
	if r.prefersJSON() {
		body, fields = a.json, jsonProbe
	}
	if a == probeMethod {
		fields = append(fields[:len(fields):len(fields)], onlyReads)
	}
	r.answer = AnswerHead{Status: a.status, Set: fields, ID: r.id, Body: BodyLength, Length: int64(len(body))}
	if r.isHead() {
		body, r.answer.Body = nil, BodyNone
	}
	r.beginAnswer(true)
	return r.send(body, true, nil)
}

// readiness says whether the group that the request names, or else the master, can
// serve requests. A master that is about to stop cannot.
func (r *Request) readiness() *probeAnswer {
	name, named := r.view.Query("group")
	if named && r.snap.Plan.Group(string(name)) == nil {
		return probeNoGroup
	}
	if r.p.departing.Load() || r.t.Stopping() {
		return probeStopping
	}
	all := r.snap.Plan.ReadyWhen == plan.ReadyAll
	for _, g := range r.snap.Plan.Groups {
		if named && g.Name != string(name) {
			continue
		}
		target, ok := r.snap.Decider.Group(g.Name)
		if ready := ok && target.Pool != nil && target.Pool.Ready() > 0; ready != all {
			if ready {
				return probeOK
			}
			return probeNotReady
		}
	}
	if all {
		return probeOK
	}
	return probeNotReady
}
