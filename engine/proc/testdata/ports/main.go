// ports says which capabilities it has, and which a process has that it starts after
// KeepPorts.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"

	"github.com/ldcorn/ldcorn/engine/proc"
)

var effective = regexp.MustCompile(`(?m)^CapEff:\s*(.*)$`)

func main() {
	proc.KeepPorts()
	own, err := os.ReadFile("/proc/self/status")
	if err != nil {
		panic(err)
	}
	child, err := exec.Command("cat", "/proc/self/status").Output()
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s %s\n", effective.FindSubmatch(own)[1], effective.FindSubmatch(child)[1])
}
