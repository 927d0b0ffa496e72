//go:build linux

package script

import (
	"context"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// browser runs a script in a browser, see scripts/browser/run.mjs:
//
//	browser [-ca=FILE] SCRIPT [ARG...]
//
// What the script prints is stdout. If it fails, stderr has the problems of its pages.
// With -ca, the browser trusts an authority. A test begins with "[!browser] skip", as
// only "make test" installs one.
func cmdBrowser(ts *testscript.TestScript, neg bool, args []string) {
	ca, args := flag(args, "ca")
	if len(args) < 1 {
		ts.Fatalf("usage: browser [-ca=FILE] SCRIPT [ARG...]")
	}
	if ca != "" {
		args = append([]string{"--ca=" + ca}, args...)
	}
	root := ts.Getenv("ROOT")
	ctx, cancel := context.WithTimeout(context.Background(), harness.BrowserPatience)
	defer cancel()
	cmd := harness.BrowserCommand(ctx, root, harness.Browser(root), args...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(cmd.Env, environ(ts)...)
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	if err := cmd.Run(); (err == nil) == neg {
		ts.Fatalf("the browser's script: %v", err)
	}
}
