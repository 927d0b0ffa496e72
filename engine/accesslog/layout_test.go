package accesslog

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/result"
)

// layoutOf returns the layout of some fields in a format.
func layoutOf(format plan.LogFormat, fields ...plan.LogField) *layout {
	return newLayout(&plan.LogSettings{Format: format, Fields: fields, Sample: 1})
}

// TestLayout: a line has the chosen fields that have a value, in the order chosen.
func TestLayout(t *testing.T) {
	rich := served(t)
	rich.Request = request(t, "GET /a%20b?c=d HTTP/1.1\r\nHost: example.org\r\nX-Tenant: a\"b\r\nx-tenant: c d\r\nConnection: close\r\n\r\n")
	rich.Answer = []byte("content-type: text/plain; charset=utf-8\r\nX-A: 1\r\nx-a: 2\r\nX-Empty: \r\n")
	refused := &result.Result{Request: new(head.Request), Line: []byte("\x01 x"), Status: 400, Worker: -1, Kind: result.KindRefused, Reason: "malformed"}
	for _, c := range []struct {
		name       string
		record     *result.Result
		fields     []plan.LogField
		text, json string
	}{
		{"order", rich, []plan.LogField{plan.LogStatus, plan.LogTime, plan.LogPath, plan.LogGroup, plan.LogTook},
			`status=200 time=2026-03-04T05:06:07.890+01:00 path=/a%20b group=web took=2.000042`,
			`{"status":200,"time":"2026-03-04T05:06:07.890+01:00","path":"/a%20b","group":"web","took":2.000042}`},
		{"headers", rich, []plan.LogField{"request.header:X-TENANT", "response.header:Content-Type", "response.header:x-a", "request.header:connection", "response.header:x-empty"},
			`request.header:X-TENANT="a\x22b, c d" response.header:Content-Type="text/plain; charset=utf-8" response.header:x-a="1, 2" request.header:connection="close"`,
			`{"request.header:X-TENANT":"a\"b, c d","response.header:Content-Type":"text/plain; charset=utf-8","response.header:x-a":"1, 2","request.header:connection":"close"}`},
		{"text that needs quotes", rich, []plan.LogField{plan.LogTarget, plan.LogMethod}, `target="/a%20b?c=d" method=GET`, `{"target":"/a%20b?c=d","method":"GET"}`},
		{"without values", rich, []plan.LogField{plan.LogKind, plan.LogLine, plan.LogTrace, plan.LogSampled, "request.header:none", "response.header:none"}, ``, `{}`},
		{"the first and the last without a value", rich, []plan.LogField{plan.LogKind, plan.LogStatus, plan.LogLine}, `status=200`, `{"status":200}`},
		{"refused", refused, []plan.LogField{plan.LogMethod, plan.LogTarget, plan.LogPath, plan.LogVersion, plan.LogHost, plan.LogClient, plan.LogLine, plan.LogReason},
			`line="\x01 x" reason=malformed`, `{"line":"\u0001 x","reason":"malformed"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.text+"\n", string(layoutOf(plan.LogText, c.fields...).append(nil, c.record, moment, false)))
			line := layoutOf(plan.LogJSON, c.fields...).append([]byte("before,"), c.record, moment, false)
			assert.Equal(t, "before,"+c.json+"\n", string(line))
			assert.True(t, json.Valid(bytes.TrimPrefix(line, []byte("before,"))))
		})
	}
}

// full returns a result in which everything has a value.
func full(t testing.TB) *result.Result {
	r := served(t)
	r.TLS, r.Static, r.Router, r.Repeats, r.Priority = "1.3", "/static", "group", 1, 2
	r.Fair, r.Trace, r.Receiving = result.NewFairKey("k"), head.TraceID{1}, time.Second
	r.Kind, r.Reason = result.KindCut, "the worker died"
	return r
}

// TestLayout_AllFields: every field can be chosen, and has a value where there is one,
// the same as in a line of the format's own.
func TestLayout_AllFields(t *testing.T) {
	var own map[string]any
	require.NoError(t, json.Unmarshal(appendJSON(nil, full(t), moment, "0.5"), &own))
	for _, name := range plan.LogFieldNames {
		r := full(t)
		if name == plan.LogLine {
			r.Kind, r.Line = result.KindRefused, []byte("x")
		}
		l := newLayout(&plan.LogSettings{Format: plan.LogJSON, Fields: []plan.LogField{name}, Sample: 0.5})
		var got map[string]any
		require.NoError(t, json.Unmarshal(l.append(nil, r, moment, true), &got), name)
		assert.Contains(t, got, string(name))
		if value, has := own[string(name)]; has {
			assert.Equal(t, value, got[string(name)], name)
		}
		text := newLayout(&plan.LogSettings{Fields: []plan.LogField{name}, Sample: 0.5}).append(nil, r, moment, true)
		assert.Regexp(t, "^"+string(name)+"=", string(text))
	}
	for name := range own {
		assert.Contains(t, plan.LogFieldNames, plan.LogField(name))
	}
}

// TestLayout_SaysRate: a line that stands for others says so in every layout.
func TestLayout_SaysRate(t *testing.T) {
	for want, s := range map[string]plan.LogSettings{
		`status=200 sample=0.1` + "\n":             {Fields: []plan.LogField{plan.LogStatus}},
		`sample=0.1 status=200` + "\n":             {Fields: []plan.LogField{plan.LogSampled, plan.LogStatus}},
		`{"status":200,"sample":0.1}` + "\n":       {Fields: []plan.LogField{plan.LogStatus}, Format: plan.LogJSON},
		` held=0.030000 id=id-1 sample=0.1` + "\n": {},
		`\ufffd","sample":0.1}` + "\n":             {Format: plan.LogJSON},
	} {
		s.Sample = 0.1
		l := newLayout(&s)
		line := bytes.ReplaceAll(l.append(nil, served(t), moment, true), []byte("\uFFFD"), []byte(`\ufffd`))
		if s.Fields != nil {
			assert.Equal(t, want, string(line))
		} else {
			assert.Contains(t, string(line), want)
		}
		assert.NotContains(t, string(l.append(nil, served(t), moment, false)), "sample", "it stands for itself")
	}
}

// FuzzLayout: whatever a client sends, a line stays one line, and JSON is valid.
func FuzzLayout(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1"))
	f.Add([]byte("\"\\\n\r\x00\xff\xe2\x80\xa8= "))
	fields := append([]plan.LogField{"request.header:x", "response.header:x"}, plan.LogFieldNames...)
	f.Fuzz(func(t *testing.T, any []byte) {
		r := &result.Result{Request: new(head.Request), Line: any, ID: any, Worker: -1, Kind: result.KindRefused, Answer: append([]byte("X: "), any...)}
		r.Request.Fields = []head.Field{{Name: []byte("X"), Value: any}}
		text := layoutOf(plan.LogText, fields...).append(nil, r, moment, false)
		assert.Equal(t, 1, bytes.Count(text, []byte("\n")))
		assert.Equal(t, 0, bytes.Count(text, []byte(`"`))%2)
		object := layoutOf(plan.LogJSON, fields...).append(nil, r, moment, false)
		assert.Equal(t, 1, bytes.Count(object, []byte("\n")))
		require.True(t, json.Valid(object), "%q", object)
	})
}
