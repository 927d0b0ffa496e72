// Command ldcorn runs groups of Uvicorn workers behind one proxy.
package main

import (
	"os"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/cli"
)

// Set by the linker in a release: -ldflags "-X main.version=1.2.3 -X main.commit=abc".
var version, commit string

func main() { os.Exit(cli.Main(cli.Build{Version: version, Commit: commit})) }
