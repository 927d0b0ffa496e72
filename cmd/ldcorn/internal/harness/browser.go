package harness

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// BrowserPatience limits a run of a script in a browser, which has many waits. No
// passing test comes near it.
const BrowserPatience = 4 * Patience

// Browser returns the path of the browser that tests open pages with. It is that of
// $LDCORN_TEST_BROWSER, or else the one that scripts/get-chromium finds, if what drives it
// is installed below root, the repository. Browser returns "" if there is none.
func Browser(root string) string {
	if path := os.Getenv("LDCORN_TEST_BROWSER"); path != "" {
		return path
	}
	if _, err := os.Stat(filepath.Join(root, "scripts", "browser", "node_modules", ".lock")); err != nil {
		return ""
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil && exec.Command(path, "--version").Run() == nil {
			return path
		}
	}
	return ""
}

// BrowserCommand returns the command that runs a script in a browser, with the
// arguments of scripts/browser/run.mjs. The end of the context ends it, and the
// browser. The caller may append to its Env, which is that of the test.
func BrowserCommand(ctx context.Context, root, browser string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "node", append([]string{filepath.Join(root, "scripts", "browser", "run.mjs")}, args...)...)
	cmd.Env = append(os.Environ(), "LDCORN_TEST_BROWSER="+browser)
	// It then says what went wrong, and ends the browser. If it is killed, the browser ends
	// because nothing drives it.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	return cmd
}
