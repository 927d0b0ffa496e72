package builtin

import (
	"fmt"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// accessLogReader reads where the access log is written. None leaves the default.
func accessLogReader[T any](place func(*T) *plan.AccessLog) func(*call, *given, *T) {
	return func(c *call, g *given, t *T) {
		switch v := g.value.(type) {
		case starlark.NoneType:
			*place(t) = plan.AccessLogAuto
		case starlark.Bool:
			*place(t) = plan.AccessLogOff
			if v {
				*place(t) = plan.AccessLogStdout
			}
		case starlark.String:
			if err := notEmpty(string(v)); err != nil {
				c.wrongValue(g, err)
				return
			}
			*place(t) = plan.AccessLog(c.session.absolute(string(v)))
		default:
			c.wrongValue(g, value.WrongType("True, False, None or the path of a file", v, ""))
		}
	}
}

// logFieldsReader reads the fields of the access log's lines. None leaves the default.
func logFieldsReader[T any](place func(*T) *[]plan.LogField) func(*call, *given, *T) {
	return func(c *call, g *given, t *T) {
		if g.value == starlark.None {
			return
		}
		elems, err := value.List(g.value, `names of fields, such as ["time", "status"]`)
		if err == nil && len(elems) == 0 {
			err = value.Wrong("name at least one field, or write None for those of the format", "is empty")
		}
		if err == nil && len(elems) > plan.MaxLogFields {
			err = value.Wrong("", "must have at most %d fields, got %d", plan.MaxLogFields, len(elems))
		}
		if err != nil {
			c.wrongValue(g, err)
			return
		}
		var out []plan.LogField
		for i, e := range elems {
			if value.IsUnset(e) {
				continue
			}
			s, err := value.String(e)
			if err == nil {
				err = checkLogField(plan.LogField(s))
			}
			if err == nil {
				out = append(out, plan.LogField(s))
				if twice := plan.TwiceIn(out); twice != "" {
					out, err = out[:len(out)-1], value.Wrong("remove it", "is there before: %s", value.Quote(s))
				}
			}
			if err != nil {
				c.wrongValue(g, &value.ElementError{Index: i, Err: err})
			}
		}
		*place(t) = out
	}
}

// otherLogFields are the fields by the names that they have elsewhere.
var otherLogFields = map[string]plan.LogField{
	"uri": plan.LogTarget, "url": plan.LogTarget, "request_uri": plan.LogTarget, "remote_addr": plan.LogClient, "ip": plan.LogClient,
	"client_ip": plan.LogClient, "remote_ip": plan.LogClient, "duration": plan.LogTook, "latency": plan.LogTook, "request_time": plan.LogTook,
	"elapsed": plan.LogTook, "size": plan.LogBytes, "body_bytes_sent": plan.LogBytes, "request_id": plan.LogID, "trace_id": plan.LogTrace,
	"ua": plan.LogUserAgent, "referrer": plan.LogReferer, "protocol": plan.LogVersion, "proto": plan.LogVersion, "timestamp": plan.LogTime,
	"ts": plan.LogTime, "code": plan.LogStatus, "pool": plan.LogGroup, "error": plan.LogReason, "queue_time": plan.LogQueued,
}

// checkLogField checks a field, and finds what was most likely meant.
func checkLogField(f plan.LogField) error {
	err := f.Check()
	if err == nil {
		return nil
	}
	message, label, _ := strings.Cut(err.Error(), "; ")
	if name, _ := f.Header(); label == "" && name == "" {
		label = logFieldLabel(string(f))
	}
	return value.Wrong(label, "%s", message)
}

func logFieldLabel(s string) string {
	if f := otherLogFields[strings.ToLower(strings.ReplaceAll(s, "-", "_"))]; f != "" {
		return fmt.Sprintf("did you mean %q?", string(f))
	}
	side, name, found := strings.Cut(s, ":")
	if !found {
		side, name = "", s
	}
	switch {
	case found && head.IsToken(name) && strings.HasPrefix(strings.ToLower(side), "res"):
		return fmt.Sprintf("write %q", plan.ResponseHeaderField+name)
	case found && head.IsToken(name):
		return fmt.Sprintf("write %q", plan.RequestHeaderField+name)
	}
	var names []string
	for _, f := range plan.LogFieldNames {
		names = append(names, string(f))
	}
	if near := diag.Near(s, names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if strings.Contains(s, "-") && head.IsToken(s) {
		return fmt.Sprintf("for a header, write %q or %q", plan.RequestHeaderField+s, plan.ResponseHeaderField+s)
	}
	return "the fields are " + strings.Join(names, ", ")
}

// logSampleReader reads which part of the requests is logged.
func logSampleReader[T any](place func(*T) *plan.LogSample, optional bool) func(*call, *given, *T) {
	return func(c *call, g *given, t *T) {
		if optional && g.value == starlark.None {
			*place(t) = 0
			return
		}
		f, err := value.Float(g.value)
		switch {
		case err != nil:
		case f == 0:
			err = value.Wrong("write access_log=False for no lines", "must be more than 0: requests that failed are logged in any case")
		case !(f > 0 && f <= 1):
			label := ""
			if f > 1 && f <= 100 {
				label = fmt.Sprintf("did you mean %v? 0.1 is one of ten requests", f/100)
			}
			err = value.Wrong(label, "must be more than 0, and at most 1, got %v", f)
		}
		if err != nil {
			c.wrongValue(g, err)
			return
		}
		*place(t) = plan.LogSample(f)
	}
}
