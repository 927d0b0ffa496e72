package scrape

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/worker"
)

// labeled returns a line with n labels.
func labeled(n int) string {
	var line strings.Builder
	line.WriteString("a{")
	for i := range n {
		fmt.Fprintf(&line, `l%d="",`, i)
	}
	return line.String() + "} 1\n"
}

// TestCheckBounds: a page beyond a bound is refused before it is parsed, and what is in
// quotes or in a comment counts for nothing.
func TestCheckBounds(t *testing.T) {
	for name, c := range map[string]struct {
		page, want string // of the error; "" means none
		is         error
	}{
		"empty":             {"", "", nil},
		"as many as may be": {labeled(maxLineLabels) + labeled(maxLineLabels), "", nil},
		"in quotes":         {`a{b="` + strings.Repeat(`=\"=\\`, 100) + `"} 1` + "\n", "", nil},
		"in a comment":      {"# HELP a " + strings.Repeat(`="`, 101) + "\n", "", nil},
		"labels of a line":  {"ok 1\n" + labeled(maxLineLabels+1), "line 2 has 65 labels, and the most is 64", errTooMuch},
		"quoted names":      {`{"a",` + strings.Repeat(`"b"="c",`, 65) + "} 1\n", "line 1 has 65 labels", errTooMuch},
		"a very long line":  {labeled(400_000), "line 1 has", errTooMuch},
		"a long line":       {"# HELP a " + strings.Repeat("x", maxLine), "line 1 has 65545 bytes, and the most is 65536", errTooMuch},
		"labels in all":     {strings.Repeat(labeled(60), maxLabels/60+1), "more than 300000 labels", errTooMuch},
		"lines":             {strings.Repeat("\n", maxLines+1), "more than 100000 lines", errTooMuch},
		"an open text":      {"a{b=\"\n\"} 1\n", "line 1: a line ends within a text", errOpenText},
	} {
		t.Run(name, func(t *testing.T) {
			err := checkBounds([]byte(c.page))
			if c.is == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, c.is)
			assert.ErrorContains(t, err, c.want)
			_, _, err = parse(t.Context(), &worker.MetricsPage{Body: []byte(c.page)})
			want := ResultTooLong
			if c.is == errOpenText {
				want = ResultMalformed
			}
			assert.Equal(t, want, resultOf(err))
		})
	}
}

// TestParse_Stops: a parser ends with its context, and says why.
func TestParse_Stops(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	late := errors.New("late")
	cancel(late)
	_, _, err := parse(ctx, &worker.MetricsPage{Body: []byte(strings.Repeat("a 1\n", 50_000))})
	assert.Equal(t, late, err)
}
