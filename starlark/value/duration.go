package value

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.starlark.net/starlark"
)

// maxDuration bounds every duration, so that arithmetic on durations cannot
// overflow.
const maxDuration = 10 * 365 * 24 * time.Hour

// Duration reads a time span: a number of seconds, or a string with units such
// as "250ms", "2s" or "1m30s". It is never negative.
func Duration(v starlark.Value) (time.Duration, error) {
	switch v := v.(type) {
	case starlark.Int:
		return seconds(float64(v.Float()), v.String())
	case starlark.Float:
		return seconds(float64(v), v.String())
	case starlark.String:
		return parseDuration(string(v))
	}
	label := ""
	if v == starlark.None {
		label = "omit the argument to use its default"
	}
	return 0, wrongType(`a duration (seconds, or a string such as "250ms")`, v, label)
}

func seconds(f float64, written string) (time.Duration, error) {
	switch {
	case math.IsNaN(f) || f < 0:
		return 0, Wrong("", "must be 0 or more, got %s", short(written))
	case f > maxDuration.Seconds():
		return 0, Wrong("a plain number is in seconds", "is longer than ten years: %s seconds", short(written))
	}
	return time.Duration(math.Round(f * float64(time.Second))), nil
}

var (
	bareNumber    = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
	durationUnits = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)\s*([a-z]+)$`)
)

// unitWords maps words that people write to the actual units.
var unitWords = map[string]string{
	"sec": "s", "secs": "s", "second": "s", "seconds": "s",
	"min": "m", "mins": "m", "minute": "m", "minutes": "m",
	"hr": "h", "hrs": "h", "hour": "h", "hours": "h",
	"msec": "ms", "millis": "ms", "milliseconds": "ms", "millisecond": "ms",
}

func parseDuration(s string) (time.Duration, error) {
	s, err := String(starlark.String(s))
	if err != nil {
		return 0, err
	}
	if bareNumber.MatchString(s) {
		return 0, Wrong(fmt.Sprintf("write %q, or the plain number %s for seconds", s+"s", s), "has no unit: %q", s)
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return 0, Wrong(durationLabel(s), "is not a duration: %q", short(s))
	case d < 0:
		return 0, Wrong("", "must be 0 or more, got %q", s)
	case d > maxDuration:
		return 0, Wrong("", "is longer than ten years: %q", s)
	}
	return d, nil
}

func durationLabel(s string) string {
	if m := durationUnits.FindStringSubmatch(strings.ToLower(strings.TrimSpace(s))); m != nil {
		unit, number := m[2], m[1]
		switch {
		case unitWords[unit] != "":
			unit = unitWords[unit]
		case unit == "d" || unit == "day" || unit == "days":
			days, _ := strconv.ParseFloat(number, 64)
			unit, number = "h", strconv.FormatFloat(days*24, 'f', -1, 64)
		}
		if _, err := time.ParseDuration(number + unit); err == nil {
			return fmt.Sprintf("write %q", number+unit)
		}
	}
	return `write it as "250ms", "2s" or "1m30s"`
}
