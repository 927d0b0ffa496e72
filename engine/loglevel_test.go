package engine

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/logtest"
)

func TestLogLevel(t *testing.T) {
	level, text, stream := new(slog.LevelVar), new(logtest.Text), new(event.Stream)
	level.Set(slog.LevelWarn)
	log := slog.New(slog.NewTextHandler(text, &slog.HandlerOptions{Level: level}))
	l := newLogLevel(level, log, stream)
	assert.Nil(t, l.temporary())
	now, err := l.set("debug")
	require.NoError(t, err)
	assert.Equal(t, []string{"debug", "warn"}, []string{now.Level, now.Usual})
	assert.NotNil(t, l.temporary())
	log.Debug("seen")
	l.reset("reload")
	log.Info("not seen")
	assert.Nil(t, l.temporary())
	assert.Contains(t, text.String(), `msg="log level changed" level=debug was=warn reason="ldcorn log-level" temporary=true`)
	assert.Contains(t, text.String(), "msg=seen")
	assert.Contains(t, text.String(), `msg="log level changed" level=warn was=debug reason=reload temporary=false`)
	assert.NotContains(t, text.String(), "not seen")
	events := stream.Newest(9)
	require.Len(t, events, 2)
	assert.Equal(t, api.EventLogLevel, events[0].Kind)
	assert.Equal(t, "debug until the next reload, was warn: ldcorn log-level", events[0].Reason)
	l.reset("reload")
	assert.Len(t, stream.Newest(9), 2, "nothing to change")
	_, err = l.set("loud")
	assert.EqualError(t, err, `no log level "loud": want debug, info, warn, error`)
	_, err = newLogLevel(nil, log, stream).set("debug")
	assert.Error(t, err)
}
