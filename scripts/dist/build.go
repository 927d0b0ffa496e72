package main

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const command = "./cmd/ldcorn"

// A binary is the program for one platform, and what is known about it.
type binary struct {
	platform platform
	data     []byte
	info     *buildinfo.BuildInfo
	licenses []component // of all that is in it
	notices  []byte      // the texts of the licenses
	sbom     []byte      // CycloneDX, as JSON
}

// environ returns the environment of the Go command. Variables that change the program,
// such as GOFLAGS and GOAMD64, do not count.
func (p platform) environ() []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains([]string{"GOFLAGS", "GOAMD64", "GOARM64", "GOEXPERIMENT", "GOFIPS140", "GOWORK"}, name)
	})
	return append(env, "CGO_ENABLED=0", "GOOS="+p.os, "GOARCH="+p.arch, "GOFLAGS=", "GOWORK=off", "GOENV=off",
		"GOPROXY="+goEnv("GOPROXY"), "GOSUMDB="+goEnv("GOSUMDB"), "GOTOOLCHAIN="+goEnv("GOTOOLCHAIN"))
}

// goEnv returns a setting of the Go command.
func goEnv(name string) string {
	out, _ := exec.Command("go", "env", name).Output()
	return strings.TrimSpace(string(out))
}

// build compiles the program for a platform, and finds the licenses of what is in it.
// The paths of this machine, the symbol table and debugging information are left out;
// stack traces keep their names and lines.
func (d *dist) build(ctx context.Context, p platform) (*binary, error) {
	dir, err := os.MkdirTemp("", "dist-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "ldcorn")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-pgo=cmd/ldcorn/cpu.pgo",
		"-ldflags=-s -w -buildid= -X main.version="+d.version.Semver+" -X main.commit="+d.version.Commit, "-o", path, command)
	cmd.Dir, cmd.Env, cmd.Stderr = d.top, p.environ(), os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go build: %w", err)
	}
	b := &binary{platform: p}
	if b.data, err = os.ReadFile(path); err != nil {
		return nil, err
	}
	if b.info, err = buildinfo.ReadFile(path); err != nil {
		return nil, err
	}
	if b.licenses, err = d.findLicenses(ctx, b); err != nil {
		return nil, err
	}
	b.notices = notices(b.licenses)
	b.sbom, err = d.makeSBOM(b)
	return b, err
}
