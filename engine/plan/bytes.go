package plan

import "strconv"

// Bytes is a size that prints as the configuration writes it: in the largest
// unit that is exact, such as "512MiB", or as a plain number.
type Bytes int64

func (b Bytes) String() string {
	for _, unit := range []struct {
		name  string
		bytes Bytes
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}} {
		if b != 0 && b%unit.bytes == 0 {
			return strconv.Quote(strconv.FormatInt(int64(b/unit.bytes), 10) + unit.name)
		}
	}
	return strconv.FormatInt(int64(b), 10)
}
