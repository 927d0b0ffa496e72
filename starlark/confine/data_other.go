//go:build !linux

package confine

import "errors"

// dataSize fails: only watchMemory limits the memory on this system.
func dataSize() (uint64, error) { return 0, errors.ErrUnsupported }
