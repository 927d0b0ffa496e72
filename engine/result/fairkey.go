package result

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// A FairKey stands for the key whose turns a request takes, so that logs tell the
// keys apart and show none: a key can be a secret of its client. It is the beginning
// of the SHA-256 of the key, the same in every process. 0 means that there is none.
type FairKey uint32

// NewFairKey returns what stands for a key, or 0 for an empty one.
func NewFairKey[T string | []byte](key T) FairKey {
	if len(key) == 0 {
		return 0
	}
	sum := sha256.Sum256([]byte(key))
	return max(FairKey(binary.BigEndian.Uint32(sum[:])), 1)
}

// Append appends eight hexadecimal digits.
func (k FairKey) Append(b []byte) []byte {
	return hex.AppendEncode(b, binary.BigEndian.AppendUint32(nil, uint32(k)))
}

// String returns eight hexadecimal digits, or "" for no key.
func (k FairKey) String() string {
	if k == 0 {
		return ""
	}
	return string(k.Append(nil))
}
