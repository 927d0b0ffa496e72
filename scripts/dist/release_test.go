package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const releaseChangelog = `# Changelog

## [Unreleased]

## [1.2.3] - 2026-03-02

### Added

- A word.

## [1.2.2] - 2026-03-01

### Fixed

- A fault.

[Unreleased]: https://github.com/ldcorn/ldcorn/compare/v1.2.3...HEAD
`

// fakeMake records its targets. For dist, it makes small files with the names of a release.
// BREAK names what goes wrong.
const fakeMake = `#!/bin/sh
set -eu
for target; do :; done
echo "make $target" >> "$MADE"
[ "$BREAK" != "$target" ] || exit 1
[ "$target" = dist ] || exit 0
mkdir -p dist && cd dist
for f in \
	ldcorn_$V'_linux_amd64.tar.gz' ldcorn_$V'_linux_arm64.tar.gz' ldcorn_$V'_darwin_amd64.tar.gz' ldcorn_$V'_darwin_arm64.tar.gz' \
	ldcorn_$V'_linux_amd64.cdx.json' ldcorn_$V'_linux_arm64.cdx.json' ldcorn_$V'_darwin_amd64.cdx.json' ldcorn_$V'_darwin_arm64.cdx.json' \
	ldcorn_go-$V-a.whl ldcorn_go-$V-b.whl ldcorn_go-$V-c.whl ldcorn_go-$V-d.whl \
	ldcorn_$V-1_amd64.deb ldcorn_$V-1_arm64.deb ldcorn-$V-1.x86_64.rpm ldcorn-$V-1.aarch64.rpm ldcorn_$V'_oci.tar'
do
	echo "$f" > "$f"
done
[ "$BREAK" != missing ] || rm *_arm64.deb
[ "$BREAK" != darwin ] || rm ldcorn_*_darwin_arm64.tar.gz
sha256sum * > ../sums && mv ../sums SHA256SUMS
[ "$BREAK" != sum ] || echo more >> ldcorn_go-$V-a.whl
[ "$BREAK" != unknown ] || echo more > more.txt
[ "$BREAK" != changed ] || echo more > ../more.txt
[ "$BREAK" != tagged ] || git tag v9.9.9
`

// A releaser is a checkout with nothing but scripts/release, in which go and make do nothing.
type releaser struct {
	t    *testing.T
	dir  string
	made string // what was called
}

func newReleaser(t *testing.T, tags ...string) *releaser {
	t.Helper()
	dir := t.TempDir()
	r := &releaser{t: t, dir: filepath.Join(dir, "checkout"), made: filepath.Join(dir, "made")}
	script, err := os.ReadFile("../release")
	require.NoError(t, err)
	r.write("scripts/release", string(script))
	r.write("CHANGELOG.md", releaseChangelog)
	r.write(".gitignore", "/dist/\n")
	r.write("../bin/make", fakeMake)
	r.write("../bin/go", "#!/bin/sh\necho \"go $1\" >> \"$MADE\"\n")
	r.git("init", "--quiet")
	r.git("add", "--all")
	r.git("commit", "--quiet", "--message=all")
	for _, tag := range tags {
		r.git("tag", tag)
	}
	return r
}

func (r *releaser) write(name, text string) {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	require.NoError(r.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(r.t, os.WriteFile(path, []byte(text), 0o755))
}

func (r *releaser) git(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	return output(r.t, cmd)
}

// run returns all that scripts/release prints, and whether it succeeds.
func (r *releaser) run(broken string, args ...string) (string, bool) {
	r.t.Helper()
	cmd := exec.Command(filepath.Join(r.dir, "scripts/release"), args...)
	version, _, _ := strings.Cut(r.git("tag", "--points-at", "HEAD"), "\n")
	cmd.Env = append(os.Environ(), "PATH="+filepath.Join(filepath.Dir(r.dir), "bin")+":"+os.Getenv("PATH"), "MADE="+r.made, "BREAK="+broken,
		"V="+strings.TrimPrefix(version, "v"))
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

// It checks everything before it says what to upload, and leaves the checkout as it was.
func TestRelease(t *testing.T) {
	t.Parallel()
	r := newReleaser(t, "v1.2.3")
	before := r.git("for-each-ref")
	out, ok := r.run("")
	require.True(t, ok, out)
	made, err := os.ReadFile(r.made)
	require.NoError(t, err)
	assert.Equal(t, "go test\nmake lint\nmake vulncheck\nmake vet-darwin\nmake test-portable\nmake test-dist\nmake dist\n", string(made))
	assert.Contains(t, out, "ldcorn 1.2.3 is ready. Nothing has been uploaded.")
	entries, err := os.ReadDir(filepath.Join(r.dir, "dist"))
	require.NoError(t, err)
	require.Len(t, entries, 18)
	for _, e := range entries {
		assert.Contains(t, out, "       dist/"+e.Name()+"\n")
	}
	for _, command := range []string{
		"git push origin v1.2.3\n",
		`scripts/release notes | gh release create v1.2.3 --verify-tag --title "ldcorn 1.2.3" --notes-file - dist/*` + "\n",
		"python3 -m twine upload dist/*.whl\n",
		"skopeo copy --all oci-archive:dist/ldcorn_1.2.3_oci.tar docker://REGISTRY/ldcorn:1.2.3\n",
	} {
		assert.Contains(t, out, command)
	}
	assert.Equal(t, before, r.git("for-each-ref"))
	assert.Empty(t, r.git("status", "--porcelain"))
}

func TestReleaseNotes(t *testing.T) {
	t.Parallel()
	out, ok := newReleaser(t, "v1.2.3").run("", "notes")
	require.True(t, ok, out)
	assert.Equal(t, "### Added\n\n- A word.", strings.TrimSpace(out))
	out, ok = newReleaser(t, "v1.2.2").run("", "notes")
	require.True(t, ok, out)
	assert.Equal(t, "### Fixed\n\n- A fault.", strings.TrimSpace(out))
}

func TestReleasePrerelease(t *testing.T) {
	t.Parallel()
	r := newReleaser(t)
	r.write("CHANGELOG.md", strings.ReplaceAll(releaseChangelog, "1.2.3", "1.2.3-rc.1"))
	r.git("commit", "--quiet", "--all", "--message=rc")
	r.git("tag", "v1.2.3-rc.1")
	out, ok := r.run("")
	require.True(t, ok, out)
	assert.Contains(t, out, "gh release create v1.2.3-rc.1 --verify-tag --prerelease")
}

func TestReleaseRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		tags   []string
		change func(*releaser)
		want   string
	}{
		{"no tag", nil, nil, "the commit has no tag"},
		{"other tag", []string{"build-7"}, nil, "the commit has no tag"},
		{"tag of an earlier commit", []string{"v1.2.3"}, func(r *releaser) { r.git("commit", "--quiet", "--allow-empty", "--message=more") }, "the commit has no tag"},
		{"no version", []string{"v1.2"}, nil, "the tag v1.2 is no version"},
		{"zero in front", []string{"v1.02.3"}, nil, "the tag v1.02.3 is no version"},
		{"two tags", []string{"v1.2.2", "v1.2.3"}, nil, "several tags: v1.2.2 v1.2.3"},
		{"changed file", []string{"v1.2.3"}, func(r *releaser) { r.write("CHANGELOG.md", "") }, "the checkout has changes"},
		{"new file", []string{"v1.2.3"}, func(r *releaser) { r.write("new", "") }, "the checkout has changes"},
		{"unknown to the changelog", []string{"v1.2.4"}, nil, "CHANGELOG.md has nothing about 1.2.4"},
		{"part of a version", []string{"v1.2.30"}, nil, "CHANGELOG.md has nothing about 1.2.30"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newReleaser(t, tt.tags...)
			if tt.change != nil {
				tt.change(r)
			}
			out, ok := r.run("")
			assert.False(t, ok)
			assert.Contains(t, out, tt.want)
			assert.NoFileExists(t, r.made, "it goes on")
		})
	}
}

func TestReleaseFails(t *testing.T) {
	t.Parallel()
	for broken, want := range map[string]string{
		"lint":          "lint has failed: this is no release",
		"vulncheck":     "vulncheck has failed: this is no release",
		"test-portable": "test-portable has failed: this is no release",
		"test-dist":     "test-dist has failed: this is no release",
		"dist":          "dist has failed: this is no release",
		"sum":           "verify has failed: this is no release",
		"unknown":       "dist/more.txt has no checksum",
		"missing":       "dist has 1 files *.deb, want 2",
		"darwin":        "there is no dist/ldcorn_1.2.3_darwin_arm64.tar.gz",
		"changed":       "the checkout has changed meanwhile",
		"tagged":        "the checkout has changed meanwhile",
	} {
		t.Run(broken, func(t *testing.T) {
			t.Parallel()
			out, ok := newReleaser(t, "v1.2.3").run(broken)
			assert.False(t, ok)
			assert.Contains(t, out, want)
			assert.NotContains(t, out, "is ready")
		})
	}
}
