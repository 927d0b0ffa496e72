package plan

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFinishesAbandoned(t *testing.T) {
	for _, c := range []struct {
		setting Disconnect
		cap     int
		want    bool
		shown   string
	}{
		{DisconnectAuto, 0, false, "None"},
		{DisconnectAuto, 3, true, "None"},
		{DisconnectCancel, 3, false, `"cancel"`},
		{DisconnectFinish, 0, true, `"finish"`},
	} {
		p := &Group{MaxReqPerWorker: c.cap, ClientDisconnect: c.setting}
		assert.Equal(t, c.want, p.FinishesAbandoned(), "%v, cap %d", c.setting, c.cap)
		assert.Equal(t, c.shown, c.setting.String())
	}
}
