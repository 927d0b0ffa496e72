package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
)

// An exit is an exit code of some commands.
type exit struct {
	code    int
	command string // with the flag that the code is for
	when    string
}

// exitsAll stands for every command.
const exitsAll = "all commands"

// exits lists the exit codes. Every command has the first three. docs/operations.md has the
// same list.
var exits = []exit{
	{exitOK, exitsAll, "The command has done its work. The master: after TERM, INT or QUIT."},
	{exitFailure, exitsAll, "The command has failed, found errors, or found no master. The master: it could not start, or every group has failed."},
	{exitUsage, exitsAll, "The command line is wrong."},
	{exitTests, "check", "A test of the configuration has failed."},
	{exitTests, "test", "A test has failed, or --fail-under is not reached."},
	{exitApplies, "plan --detailed-exitcode", "A reload would apply all changes; 0 means that there are none."},
	{exitPartial, "plan --detailed-exitcode", "Some changes need --replace, or a stop and a start of ldcorn."},
	{exitNeedsAction, "reload", "Applied, but some changes need --replace, or a stop and a start of ldcorn."},
	{exitNotReady, "status", "A group has no ready worker."},
}

// exitSignal says what else an exit code can be.
const exitSignal = "A command that a signal has ended exits with 128 plus the number of the signal."

// exitTopic is the word after "ldcorn help" that shows the exit codes.
const exitTopic = "exit-codes"

// writeExits prints the exit codes.
func writeExits(w io.Writer) error {
	var b strings.Builder
	for _, e := range exits {
		fmt.Fprintf(&b, "  %d  %s: %s\n", e.code, e.command, e.when)
	}
	fmt.Fprintf(&b, "\n%s\n", exitSignal)
	_, err := io.WriteString(w, terminal.Wrap(b.String(), terminal.DefaultWidth))
	return err
}
