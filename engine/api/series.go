package api

import (
	"encoding/json"
	"math"
	"strconv"
)

// A Series is a column of numbers. A value that is not known is NaN, which is null in
// JSON. A nil Series is an empty array.
type Series []float32

// MarshalJSON implements json.Marshaler.
func (s Series) MarshalJSON() ([]byte, error) {
	out := make([]byte, 0, 2+4*len(s))
	out = append(out, '[')
	for i, v := range s {
		if i > 0 {
			out = append(out, ',')
		}
		switch f := float64(v); {
		case math.IsNaN(f):
			out = append(out, "null"...)
		case f == math.Trunc(f) && math.Abs(f) < 1<<62:
			out = strconv.AppendInt(out, int64(f), 10)
		default:
			out = strconv.AppendFloat(out, f, 'g', 4, 32)
		}
	}
	return append(out, ']'), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *Series) UnmarshalJSON(text []byte) error {
	var values []*float32
	if err := json.Unmarshal(text, &values); err != nil {
		return err
	}
	*s = make(Series, len(values))
	for i, v := range values {
		if (*s)[i] = float32(math.NaN()); v != nil {
			(*s)[i] = *v
		}
	}
	return nil
}
