package value

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"go.starlark.net/starlark"
)

var sizeForm = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]+)$`)

// sizeUnits are the units in bytes: powers of 1024 with an i, powers of 1000
// without.
var sizeUnits = map[string]float64{
	"b":  1,
	"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
}

// Size reads a number of bytes, or a string with a unit such as "64KiB" or
// "10MB". It is never negative.
func Size(v starlark.Value) (int64, error) {
	switch v := v.(type) {
	case starlark.Int:
		n, ok := v.Int64()
		if !ok || n < 0 {
			return 0, Wrong("", "must be 0 or more bytes, got %s", short(v.String()))
		}
		return n, nil
	case starlark.String:
		return parseSize(string(v))
	}
	label := ""
	if f, ok := v.(starlark.Float); ok {
		label = intLabel(f)
	}
	return 0, wrongType(`a size (bytes, or a string such as "64KiB")`, v, label)
}

func parseSize(s string) (int64, error) {
	s, err := String(starlark.String(s))
	if err != nil {
		return 0, err
	}
	if bareNumber.MatchString(s) {
		return 0, Wrong(fmt.Sprintf("write the plain number %s for bytes, or %q", s, s+"KiB"), "has no unit: %q", s)
	}
	m := sizeForm.FindStringSubmatch(s)
	if m == nil {
		return 0, Wrong(`write it as "64KiB" or "10MB"`, "is not a size: %q", short(s))
	}
	factor, ok := sizeUnits[strings.ToLower(m[2])]
	if !ok {
		label := "the units are B, KB, MB, GB, TB, KiB, MiB, GiB, TiB"
		if long := strings.ToLower(m[2]) + "ib"; sizeUnits[long] != 0 {
			label = fmt.Sprintf("write %q, or %q for powers of 1000", m[1]+strings.ToUpper(m[2])+"iB", m[1]+strings.ToUpper(m[2])+"B")
		}
		return 0, Wrong(label, "has an unknown unit: %q", short(s))
	}
	f, err := strconv.ParseFloat(m[1], 64)
	if bytes := f * factor; err == nil && bytes < math.MaxInt64/2 {
		return int64(bytes), nil
	}
	return 0, Wrong("", "is too large: %q", short(s))
}
