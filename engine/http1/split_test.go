package http1

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/head"
)

// A parser is the common interface of Request and Response.
type parser interface {
	Parse(buf []byte, lim *Limits) (int, *head.Error)
	Reset()
}

// feed parses in as if it had been read in pieces that end at the cuts: in one
// buffer or, with move, in a different one for each read.
func feed(p parser, in []byte, cuts []int, move bool, lim *Limits) (n int, err *head.Error) {
	p.Reset()
	buf := slices.Clone(in)
	for _, cut := range append(slices.Clone(cuts), len(in)) {
		if move {
			clear(buf) // the old buffer must not be read again
			buf = slices.Clone(in)
		}
		if n, err = p.Parse(buf[:cut:cut], lim); n != 0 || err != nil {
			return n, err
		}
	}
	return 0, nil
}

// splits returns ways to cut n bytes into reads: in two at each position, and
// into pieces of a few sizes, including single bytes. To keep the tests quick,
// long inputs are cut only into long pieces.
func splits(n int) [][]int {
	var out [][]int
	sizes := []int{1, 2, 7}
	if n <= 400 {
		for i := 1; i < n; i++ {
			out = append(out, []int{i})
		}
	} else {
		sizes = []int{100, n/7 + 1, 4096, 8197}
	}
	for _, size := range sizes {
		var cuts []int
		for at := size; at < n; at += size {
			cuts = append(cuts, at)
		}
		out = append(out, cuts)
	}
	return out
}

func showFields(fields []head.Field) string {
	var s strings.Builder
	for _, f := range fields {
		fmt.Fprintf(&s, "\n  %q: %q kind=%q drop=%t", f.Name, f.Value, f.Kind, f.Drop)
	}
	return s.String()
}

// show returns everything that a parser says about a head.
func show(p parser, n int, err *head.Error) string {
	if err != nil {
		return fmt.Sprintf("%d %s", err.Status, err.Reason)
	}
	if n == 0 {
		return "incomplete"
	}
	switch p := p.(type) {
	case *Request:
		return fmt.Sprintf("%d: %q %q origin=%q raw=%q query=%q path=%q minor=%d host=%q length=%d chunked=%t keep=%t expect=%t upgrade=%t te=%t head=%d%s",
			n, p.Method, p.Target, p.Origin, p.RawPath, p.Query, p.Path, p.Minor, p.Host, p.ContentLength, p.Streamed,
			p.KeepAlive, p.ExpectContinue, p.Upgrade, p.TETrailers, p.HeadLen, showFields(p.Fields))
	case *Response:
		return fmt.Sprintf("%d: %d %q minor=%d length=%d chunked=%t keep=%t upgrade=%t head=%d%s",
			n, p.Status, p.Reason, p.Minor, p.ContentLength, p.Chunked, p.KeepAlive, p.Upgrade, p.HeadLen, showFields(p.Fields))
	}
	panic("unknown parser")
}

// requireSplitsAgree checks that the result is the same for every split, and
// leaves p with the result for the whole input.
func requireSplitsAgree(t *testing.T, p parser, in []byte, lim *Limits) (n int, err *head.Error) {
	t.Helper()
	n, err = feed(p, in, nil, false, lim)
	want := show(p, n, err)
	for _, cuts := range splits(len(in)) {
		for _, move := range []bool{false, true} {
			n, err := feed(p, in, cuts, move, lim)
			if got := show(p, n, err); got != want {
				require.Equal(t, want, got, "input %q, cuts %v, moved %t", in, cuts, move)
			}
		}
	}
	return feed(p, in, nil, false, lim)
}
