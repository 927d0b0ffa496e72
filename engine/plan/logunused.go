package plan

import "fmt"

// writes reports whether an access log is written somewhere. A terminal shows requests in
// its own way.
func (a AccessLog) writes() bool { return a != AccessLogAuto && a != AccessLogOff }

// unusedLogSettings warns about settings of the access log where no line is written.
func unusedLogSettings(p *Plan) (out []Problem) {
	warn := func(g *Group, argument string, set bool) {
		if !set {
			return
		}
		whose := ""
		if g != nil {
			whose = fmt.Sprintf(" of group %q", g.Name)
		}
		out = append(out, Problem{
			Code: CodeUnlogged, Warning: true,
			Message: fmt.Sprintf("`%s`%s changes nothing, because no access log is written", argument, whose),
			Label:   "write access_log=True, or name a file; a terminal shows its own short lines",
			Place:   Place{Group: g, Argument: argument},
		})
	}
	any := p.AccessLog.writes()
	for _, g := range p.Groups {
		if p.LogOf(g).To.writes() {
			any = true
			continue
		}
		warn(g, "log_fields", g.LogFields != nil)
		warn(g, "log_sample", g.LogSample != 0)
		warn(g, "log_slow", g.LogSlow != nil)
	}
	if !any {
		warn(nil, "log_format", p.LogFormat == LogJSON)
		warn(nil, "log_fields", p.LogFields != nil)
		warn(nil, "log_sample", p.LogSample != 0 && p.LogSample != 1)
		warn(nil, "log_slow", p.LogSlow != 0 && p.LogSlow != DefaultLogSlow)
	}
	return out
}
