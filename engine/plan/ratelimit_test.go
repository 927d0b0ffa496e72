package plan

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/match"
)

func TestParseRate(t *testing.T) {
	for text, want := range map[string]struct {
		interval time.Duration
		burst    int
	}{
		"10/s":      {100 * time.Millisecond, 10},
		"9/s":       {111_111_111, 9},
		"7000/s":    {142_857, 7000},
		"600/m":     {100 * time.Millisecond, 10},
		"0.5/s":     {2 * time.Second, 1},
		"1.5/s":     {666_666_667, 2},
		"100/h":     {36 * time.Second, 1},
		"1/d":       {24 * time.Hour, 1},
		"0.003/d":   {8000 * time.Hour, 1},
		"1000000/s": {time.Microsecond, 1_000_000},
	} {
		r, err := ParseRate(text)
		require.NoError(t, err, text)
		l, err := NewRateLimit(r, r.DefaultBurst(), match.Key{})
		require.NoError(t, err, text)
		assert.Equal(t, want.interval, l.Interval(), text)
		assert.Equal(t, want.burst, l.Burst, text)
		assert.Equal(t, text, r.String())
	}
	for text, want := range map[string]string{
		"":                       `write it as "10/s"`,
		"fast":                   `write it as "10/s"`,
		"10":                     `write it as "10/s"`,
		"10/sec":                 `write it as "10/s"`,
		"10r/s":                  `write it as "10/s"`,
		"5 per minute":           `write it as "5/m"`,
		"7 / Hour":               `write it as "7/h"`,
		"1e3/s":                  `is not a rate: "1e3/s"; write it as "1000/s"`,
		"1e99/s":                 `write it as "1`,
		"1,000/s":                `write it as "1000/s"`,
		"1_000 / min":            `write it as "1000/m"`,
		"1.5k/hour":              `write it as "1500/h"`,
		"10 requests per second": `write it as "10/s"`,
		"10 apples":              `write it as "10/s"`,
		"3 apples":               `write it as "10/s"`,
		"-1/s":                   `is not a rate`,
		"NaN/s":                  `is not a rate`,
		"1/s\n":                  `is not a rate`,
		"0/s":                    `would let no request in`,
		"0.0/d":                  `would let no request in`,
		"1000001/s":              `is more than 1000000/s`,
		"0.001/d":                `less than one request in 366 days`,
		"0.00000000001/s":        `less than one request in 366 days`,
		"100000000000/d":         `is more than 1000000/s`,
		"99999999999999/s":       `is more than 1000000/s`,
	} {
		_, err := ParseRate(text)
		assert.ErrorContains(t, err, want, text)
	}
	_, err := ParseRate(strings.Repeat("9", 400) + "/s")
	assert.ErrorContains(t, err, "is more than 1000000/s")
	_, err = ParseRate("0." + strings.Repeat("0", 400) + "1/s")
	assert.Error(t, err)
}

func TestRateLimitIsShownAsWritten(t *testing.T) {
	r, err := ParseRate("0.5/s")
	require.NoError(t, err)
	l, err := NewRateLimit(r, 20, match.Key{By: match.KeyHeader, Name: "x-key"})
	require.NoError(t, err)
	assert.Equal(t, `rate("0.5/s", burst=20, by=by_header("x-key"))`, l.String())
	l, err = NewRateLimit(r, 1, match.Key{})
	require.NoError(t, err)
	assert.Equal(t, `rate("0.5/s", burst=1, by=None)`, l.String())
	assert.Equal(t, "None", RateLimit{}.String())
	assert.True(t, RateLimit{}.IsZero())
	assert.False(t, l.IsZero())
}

func TestBurstThatNeverComesBack(t *testing.T) {
	r, err := ParseRate("1/d")
	require.NoError(t, err)
	_, err = NewRateLimit(r, MaxBurst, match.Key{})
	assert.ErrorContains(t, err, "more than ten years")
}
