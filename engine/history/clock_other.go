//go:build !linux

package history

import "time"

// elapsed returns a time that never jumps.
func elapsed() time.Duration { return time.Since(born) }
