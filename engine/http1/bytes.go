package http1

import (
	"encoding/binary"
	"math/bits"
)

// Words of eight equal bytes, to process eight bytes at once.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// controls marks, in the top bit of each byte of the result, the bytes of x
// that are below 0x20 or equal to 0x7f. Only the lowest mark is exact, which is
// enough to find the first one.
func controls(x uint64) uint64 {
	del := x ^ 0x7f*ones
	return ((x-0x20*ones)&^x | (del-ones)&^del) & highs
}

// controlIndex returns the index of the first control byte in b at or after i,
// or len(b).
func controlIndex(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		if m := controls(binary.LittleEndian.Uint64(b[i:])); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	for ; i < len(b); i++ {
		if b[i] < 0x20 || b[i] == 0x7f {
			break
		}
	}
	return i
}

// textEnd is controlIndex, but treats tabs as text.
func textEnd(b []byte, i int) int {
	for {
		i = controlIndex(b, i)
		if i == len(b) || b[i] != '\t' {
			return i
		}
		i++
	}
}

// asciiEnd is controlIndex, but treats bytes from 0x80 on as control bytes.
func asciiEnd(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		if m := controls(x) | x&highs; m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	for ; i < len(b); i++ {
		if b[i] < 0x20 || b[i] >= 0x7f {
			break
		}
	}
	return i
}
