package http1

import (
	"strings"
	"testing"
)

func TestControlIndex(t *testing.T) {
	for c := range 256 {
		for length := 1; length < 20; length++ {
			for at := range length {
				b := []byte(strings.Repeat("x", length))
				b[at] = byte(c)
				want := length
				if c < 0x20 || c == 0x7f {
					want = at
				}
				if got := controlIndex(b, 0); got != want {
					t.Fatalf("controlIndex(%q) = %d, want %d", b, got, want)
				}
				if c == '\t' {
					want = length
				}
				if got := textEnd(b, 0); got != want {
					t.Fatalf("textEnd(%q) = %d, want %d", b, got, want)
				}
				want = length
				if c < 0x20 || c >= 0x7f {
					want = at
				}
				if got := asciiEnd(b, 0); got != want {
					t.Fatalf("asciiEnd(%q) = %d, want %d", b, got, want)
				}
			}
		}
	}
}
