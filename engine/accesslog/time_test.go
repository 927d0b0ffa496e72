package accesslog

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestAppendTime: times are as the time package writes them, whatever was written before.
func TestAppendTime(t *testing.T) {
	zone := time.FixedZone("there", -(3*3600 + 30*60))
	at := time.Unix(1700000000, 0)
	for _, one := range []time.Time{at.UTC(), at.Add(7 * time.Millisecond).UTC(), at.Add(999999999).UTC(), at.In(zone), at.UTC(),
		at.Add(time.Second).UTC(), at.Add(-time.Hour).In(zone), time.Unix(-1, 5e8).UTC()} {
		assert.Equal(t, one.Format("2006-01-02T15:04:05.000Z07:00"), string(appendTime(nil, one)))
	}
}
