package plan

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLogField_Check(t *testing.T) {
	for _, f := range append([]LogField{"request.header:X-Tenant", "response.header:content-type", "request.header:Content-Length", "request.header:Cookie"}, LogFieldNames...) {
		require.NoError(t, f.Check(), f)
	}
	for f, want := range map[LogField]string{
		"":                               `is no field of a line: ""`,
		"Status":                         `is no field of a line: "Status"`,
		"header:X":                       `is no field of a line: "header:X"`,
		"request.header:":                `names no header: "request.header:"; write "request.header:X-Name"`,
		"request.header:a b":             `does not name a header: "a b"; use letters, digits and hyphens`,
		"response.header:Content-Length": `names a header that says how an answer is sent, which ldcorn decides: "Content-Length"; the field "bytes" has the length of the body`,
	} {
		require.EqualError(t, f.Check(), want)
	}
	assert.Equal(t, LogField("request.header:x"), TwiceIn([]LogField{"id", "request.header:X", "request.header:x"}))
	assert.Empty(t, TwiceIn([]LogField{"request.header:X", "response.header:X"}))
}

// TestPlan_LogOf: what a group says takes the place of what the plan says.
func TestPlan_LogOf(t *testing.T) {
	p, g := NewPlan(), NewGroup()
	assert.Equal(t, LogSettings{Format: LogText, Sample: 1, Slow: time.Second}, p.LogOf(nil))
	p.AccessLog, p.LogFields, p.LogSample = "/main", []LogField{LogTime}, 0.5
	of := LogSettings{To: "/main", Format: LogText, Fields: p.LogFields, Sample: 0.5, Slow: time.Second}
	assert.Equal(t, of, p.LogOf(nil))
	assert.Equal(t, of, p.LogOf(g))
	never := time.Duration(0)
	g.AccessLog, g.LogFields, g.LogSample, g.LogSlow = AccessLogOff, []LogField{LogID}, 1, &never
	assert.Equal(t, LogSettings{To: AccessLogOff, Format: LogText, Fields: g.LogFields, Sample: 1}, p.LogOf(g))

	assert.False(t, p.LogsAnswers())
	g.LogFields = []LogField{"request.header:a"}
	p.Groups = []*Group{g}
	assert.False(t, p.LogsAnswers())
	g.LogFields = []LogField{"response.header:a"}
	assert.True(t, p.LogsAnswers())
}

func TestRevealingFields(t *testing.T) {
	p := &Plan{LogFields: []LogField{"request.header:X-Auth", "request.header:authorization"}, Groups: []*Group{{LogFields: []LogField{"response.header:Set-Cookie"}}}}
	got := revealingFields(p)
	require.Len(t, got, 2)
	assert.Equal(t, `the access log has "request.header:authorization": whoever reads it can act as the client`, got[0].Message)
	assert.Same(t, p.Groups[0], got[1].Place.Group)
}
