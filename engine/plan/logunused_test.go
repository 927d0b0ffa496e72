package plan

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestUnusedLogSettings: settings of lines that nobody writes are reported where they are.
func TestUnusedLogSettings(t *testing.T) {
	slow := time.Second
	g := &Group{Name: "web", LogSlow: &slow}
	p := &Plan{Groups: []*Group{g}, LogFormat: LogJSON, LogFields: []LogField{LogTime}, LogSample: 0.5, LogSlow: time.Minute}
	arguments := func() (out []string) {
		for _, one := range unusedLogSettings(p) {
			out = append(out, one.Place.Argument)
		}
		return out
	}
	assert.Equal(t, []string{"log_slow", "log_format", "log_fields", "log_sample", "log_slow"}, arguments())
	assert.Equal(t, "`log_slow` of group \"web\" changes nothing, because no access log is written", unusedLogSettings(p)[0].Message)
	g.AccessLog = "/web.log"
	assert.Empty(t, arguments(), "lines of the group have the settings of the plan")
	g.AccessLog, p.AccessLog = AccessLogOff, AccessLogStdout
	assert.Equal(t, []string{"log_slow"}, arguments())
	p = &Plan{LogFormat: LogText, LogSample: 1, LogSlow: DefaultLogSlow}
	assert.Empty(t, arguments(), "the defaults")
	p = &Plan{}
	assert.Empty(t, arguments(), "nothing is set")
}
