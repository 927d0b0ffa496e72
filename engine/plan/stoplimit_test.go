package plan

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestStopLimit(t *testing.T) {
	p := &Plan{ShutdownDelay: 3 * time.Second, ShutdownTimeout: 20 * time.Second,
		Groups: []*Group{{StopTimeout: 10 * time.Second}, {StopTimeout: time.Minute}}}
	assert.Equal(t, 88*time.Second, p.StopLimit())
	p.OnEvent = []Hook{{}}
	assert.Equal(t, 93*time.Second, p.StopLimit(), "hooks have time for the last events")
}
