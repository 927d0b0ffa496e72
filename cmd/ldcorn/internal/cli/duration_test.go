package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDurationFlag(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"5": 5 * time.Second, "0.25": 250 * time.Millisecond, ".5": time.Second / 2, "0": 0, "-5": -5 * time.Second, "090": 90 * time.Second,
		"250ms": 250 * time.Millisecond, "1m30s": 90 * time.Second, "-1s": -time.Second,
	} {
		d := durationValue(time.Hour)
		require.NoError(t, d.Set(in), in)
		assert.Equal(t, want, time.Duration(d), in)
	}
	for _, in := range []string{"", "x", "5x", "1.2.3", ".", "-", "--5", "5-", "1e3", "inf", "nan", "0x10", "5 ", "99999999999999999999"} {
		d := durationValue(0)
		require.Error(t, d.Set(in), "%q", in)
	}
}

// TestDurationFlags: every flag for a duration takes a number of seconds, and
// the help shows no default where there is none.
func TestDurationFlags(t *testing.T) {
	seen := 0
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Value.Type() != "duration" {
				return
			}
			seen++
			require.NoError(t, f.Value.Set("5"), "%s --%s", cmd.Name(), f.Name)
			assert.Equal(t, "5s", f.Value.String())
		})
		assert.NotContains(t, cmd.Flags().FlagUsages(), "(default 0", cmd.Name())
		assert.False(t, strings.Contains(cmd.Flags().FlagUsages(), "duration "), "%s: a flag without the name of its value", cmd.Name())
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(newRootCommand(&rootOptions{}))
	assert.Greater(t, seen, 4)
}

func TestShortDuration(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"1h": time.Hour, "5m": 5 * time.Minute, "15s": 15 * time.Second, "1h30m": 90 * time.Minute, "1h0m5s": time.Hour + 5*time.Second,
		"1m30s": 90 * time.Second, "250ms": 250 * time.Millisecond, "0s": 0, "-10m": -10 * time.Minute, "10s": 10 * time.Second,
	} {
		assert.Equal(t, want, shortDuration(d))
	}
}
