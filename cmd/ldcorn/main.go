// Command ldcorn runs groups of Uvicorn workers behind one proxy.
package main

import (
	"os"
	"runtime"

	"github.com/ldcorn/ldcorn/engine/quietlog"
)

// The main goroutine keeps the main thread to itself, where no other starts a
// process: see orphan.Family.While.
func init() { runtime.LockOSThread() }

func init() { quietlog.End() }

func main() { os.Exit(Main()) }
