package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A version is that of a checkout, which comes from its tags.
type version struct {
	Semver  string // 1.2.3, or between two tags 1.2.4-dev.5+gabcdef012345
	Python  string // the same as PEP 440 writes it: 1.2.4.dev5+gabcdef012345
	Commit  string // of 12 digits
	Time    time.Time
	Release bool // the commit has the tag of the version, and the checkout has no changes
}

var described = regexp.MustCompile(`^v(\d+)\.(\d+)\.(\d+)(?:-(alpha|beta|rc)\.(\d+))?-(\d+)-g([0-9a-f]+)(-dirty)?$`)

// readVersion returns the version of the checkout in a folder.
func readVersion(ctx context.Context, top string) (version, error) {
	text, err := git(ctx, top, "log", "-1", "--format=%H %ct")
	if err != nil {
		return version{}, err
	}
	commit, stamp, _ := strings.Cut(text, " ")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return version{}, fmt.Errorf("git log: %w", err)
	}
	describe, err := git(ctx, top, "describe", "--tags", "--match=v[0-9]*", "--long", "--abbrev=12", "--dirty")
	if err != nil { // no tag yet
		count, err := git(ctx, top, "rev-list", "--count", "HEAD")
		if err != nil {
			return version{}, err
		}
		describe = fmt.Sprintf("v0.0.0-%s-g%s", count, commit[:12])
		if status, err := git(ctx, top, "status", "--porcelain", "--untracked-files=no"); err != nil {
			return version{}, err
		} else if status != "" {
			describe += "-dirty"
		}
	}
	v, err := parseVersion(describe)
	v.Commit, v.Time = commit[:12], time.Unix(seconds, 0).UTC()
	return v, err
}

// parseVersion reads what git describe --long says.
func parseVersion(describe string) (version, error) {
	m := described.FindStringSubmatch(describe)
	if m == nil {
		return version{}, fmt.Errorf("git describe says %q: want a tag such as v1.2.3 or v1.2.3-rc.1", describe)
	}
	major, minor, patch, kind, n, distance, commit, dirty := m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8] != ""
	v := version{Release: distance == "0" && !dirty}
	v.Semver = major + "." + minor + "." + patch
	v.Python = v.Semver
	if kind != "" {
		v.Semver += "-" + kind + "." + n
		v.Python += map[string]string{"alpha": "a", "beta": "b", "rc": "rc"}[kind] + n
	}
	if v.Release {
		return v, nil
	}
	// A build after a tag sorts after it and before the next version. The first tag
	// does not exist yet, and after a prerelease, its next one is not known.
	switch {
	case kind != "":
		v.Semver += ".dev." + distance
		v.Python += ".post0.dev" + distance
	case v.Semver == "0.0.0":
		v.Semver += "-dev." + distance
		v.Python += ".dev" + distance
	default:
		next, _ := strconv.Atoi(patch)
		v.Semver = fmt.Sprintf("%s.%s.%d", major, minor, next+1)
		v.Python = v.Semver + ".dev" + distance
		v.Semver += "-dev." + distance
	}
	local := "+g" + commit
	if dirty {
		local += ".dirty"
	}
	v.Semver += local
	v.Python += local
	return v, nil
}

func git(ctx context.Context, top string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", top}, args...)...)
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(exit.Stderr)))
	}
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}
