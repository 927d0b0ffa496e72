package cli

import (
	"os"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// replaced says that the file of a master's program is another program now, or gone. It
// returns "" for nil. own is the version of this program, which can be that file.
func replaced(in *api.Installed, own api.Version) string {
	switch {
	case in == nil:
		return ""
	case in.Gone:
		return visible.String(in.Path) + " is gone: the master cannot be started again"
	}
	what := "another program"
	if self, err := os.Executable(); err == nil && sameFile(self, in.Path) {
		what = "ldcorn " + own.Version + ", commit " + own.Commit
	}
	return visible.String(in.Path) + " is now " + what + ": stop the master and start it again to run that"
}

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}
