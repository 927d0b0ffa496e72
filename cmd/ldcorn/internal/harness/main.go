//go:build linux

package harness

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// Main runs the tests of a package whose test binary is also ldcorn: in the
// tests' PATH, ldcorn runs the given function, which returns its exit code.
// Main also serves confined processes, which a test binary can start as ldcorn
// does.
func Main(m *testing.M, ldcorn func() int) {
	if os.Getenv("LDCORN_CONFINED") != "" {
		os.Exit(ldcorn())
	}
	testscript.Main(m, map[string]func(){"ldcorn": func() { os.Exit(ldcorn()) }})
}
