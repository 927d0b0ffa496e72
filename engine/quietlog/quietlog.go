// Package quietlog suppresses what other packages log while they are
// initialized. Starlark logs that it would like 4 GiB of address space, but
// works well without it, and users should not have to care.
//
// This works because packages are initialized in the order of their import
// paths, each after all of its imports (Go 1.21 and later): this package
// imports only package log, and its path sorts before theirs.
package quietlog

import (
	"io"
	"log"
)

// out is the original output of package log.
var out = log.Writer()

func init() { log.SetOutput(io.Discard) }

// End restores the output of package log. Main calls it.
func End() { log.SetOutput(out) }
