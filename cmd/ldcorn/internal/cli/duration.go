package cli

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// durationVar adds a flag for a duration. Its values are those of the configuration:
// a plain number of seconds, or a number with units, as in "1m30s".
func durationVar(flags *pflag.FlagSet, p *time.Duration, name string, unset time.Duration, usage string) {
	*p = unset
	flags.Var((*durationValue)(p), name, usage)
}

// A durationValue is the value of a flag for a duration. It is a pflag.Value.
type durationValue time.Duration

// maxSeconds limits a plain number to ten years, as the configuration does.
const maxSeconds = 10 * 365 * 24 * 60 * 60

func (d *durationValue) Set(s string) error {
	if strings.Trim(s, "0123456789.") == "" || strings.Trim(s, "0123456789.") == "-" {
		seconds, err := strconv.ParseFloat(s, 64)
		if err == nil && (seconds > maxSeconds || seconds < -maxSeconds) {
			err = errors.New("longer than ten years")
		}
		*d = durationValue(seconds * float64(time.Second))
		return err
	}
	parsed, err := time.ParseDuration(s)
	*d = durationValue(parsed)
	return err
}

// Type returns the key in flagWants.
func (d *durationValue) Type() string { return "duration" }

// String returns "0" for the zero duration, so that the help shows no default.
func (d *durationValue) String() string {
	if *d == 0 {
		return "0"
	}
	return shortDuration(time.Duration(*d))
}

// shortDuration is the text of a duration without parts that are zero, such as "1h".
func shortDuration(d time.Duration) string {
	text := d.String()
	if short, ok := strings.CutSuffix(text, "m0s"); ok {
		text = short + "m"
	}
	if short, ok := strings.CutSuffix(text, "h0m"); ok {
		text = short + "h"
	}
	return text
}
