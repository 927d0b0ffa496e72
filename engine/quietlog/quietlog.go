// Package quietlog keeps what other packages log while they are initialized off
// the terminal. Starlark says there that it would like to have 4 GiB of address
// space, which it does well without, and which is no business of the user's.
//
// It works because packages are initialized in the order of their import paths,
// each once all that it imports are (Go 1.21 and later): this one imports no more
// than package log, and its path is before theirs.
package quietlog

import (
	"io"
	"log"
)

// Set once, in the initialization of this package.
var out = log.Writer()

func init() { log.SetOutput(io.Discard) }

// End has package log write again. Main calls it.
func End() { log.SetOutput(out) }
