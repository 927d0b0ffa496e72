package main

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/json"
	"flag"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if !testing.Verbose() {
		log.SetOutput(io.Discard)
	}
	code := m.Run()
	if made.dist != nil {
		os.RemoveAll(made.dist.out)
	}
	os.Exit(code)
}

// testVersion is the version that tests make.
var testVersion = version{Semver: "1.2.3", Python: "1.2.3", Commit: "0123456789ab", Time: time.Unix(1_700_000_000, 0).UTC(), Release: true}

// host is the platform of this machine, for which the tests make everything. make dist
// makes the others too.
var host = platform{runtime.GOOS, runtime.GOARCH}

var made struct {
	sync.Once
	dist *dist
	err  error
}

// release returns everything for this machine, made once for all tests from the files of
// this checkout.
func release(t *testing.T) *dist {
	t.Helper()
	made.Do(func() {
		out, err := os.MkdirTemp("", "dist-test-")
		if err != nil {
			made.err = err
			return
		}
		made.dist = &dist{top: checkout(t), out: out, version: testVersion, platforms: []platform{host}}
		made.err = made.dist.make(context.Background())
	})
	require.NoError(t, made.err)
	return made.dist
}

func checkout(t *testing.T) string {
	t.Helper()
	top, err := filepath.Abs("../..")
	require.NoError(t, err)
	return top
}

// read returns the only file of a release whose name matches a pattern.
func (d *dist) read(t *testing.T, pattern string) []byte {
	t.Helper()
	data, err := os.ReadFile(d.find(t, pattern))
	require.NoError(t, err)
	return data
}

func (d *dist) find(t *testing.T, pattern string) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(d.out, pattern))
	require.NoError(t, err)
	require.Len(t, paths, 1, pattern)
	return paths[0]
}

// output runs a command and returns what it prints. It fails with all that it has printed.
func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var out, all bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&out, &all), &all
	require.NoError(t, cmd.Run(), "%s:\n%s", cmd, &all)
	return out.String()
}

// copyCheckout returns a copy of the checkout at another path, with its uncommitted changes.
func copyCheckout(t *testing.T) string {
	t.Helper()
	top, dir := checkout(t), t.TempDir()
	list := output(t, exec.Command("git", "-C", top, "ls-files", "-z", "--cached", "--others", "--exclude-standard"))
	for name := range strings.SplitSeq(strings.Trim(list, "\x00"), "\x00") {
		data, err := os.ReadFile(filepath.Join(top, name))
		if os.IsNotExist(err) { // removed, but not yet committed
			continue
		}
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o644))
	}
	return dir
}

// Two runs, in different folders and with different settings of the user, make the same bytes.
func TestReproducible(t *testing.T) {
	first := release(t)
	t.Setenv("GOFLAGS", "-tags=other")
	t.Setenv("TZ", "Asia/Tokyo")
	t.Setenv("SOURCE_DATE_EPOCH", "1")
	second := *first
	second.top, second.out = copyCheckout(t), t.TempDir()
	require.NoError(t, second.make(t.Context()))
	assert.Equal(t, string(first.read(t, checksums)), string(second.read(t, checksums)))
	assert.Empty(t, output(t, exec.Command("diff", "-r", first.out, second.out)))
}

func TestArchive(t *testing.T) {
	d := release(t)
	check := exec.Command("sha256sum", "--check", "--strict", checksums)
	check.Dir = d.out
	output(t, check)

	dir := t.TempDir()
	output(t, exec.Command("tar", "-xzf", d.find(t, "*.tar.gz"), "-C", dir, "--strip-components=1"))
	ldcorn := filepath.Join(dir, "ldcorn")
	assert.Contains(t, output(t, exec.Command(ldcorn, "version")), "ldcorn 1.2.3, commit 0123456789ab, "+runtime.Version()+" "+host.String())
	output(t, exec.Command(ldcorn, "check", "-c", filepath.Join(dir, "ldconfig.star.example")))

	// It needs no loader and no library, and has no path of this machine.
	program, err := elf.Open(ldcorn)
	require.NoError(t, err)
	defer program.Close()
	for _, p := range program.Progs {
		assert.NotEqual(t, elf.PT_INTERP, p.Type, "the program is not static")
	}
	data, err := os.ReadFile(ldcorn)
	require.NoError(t, err)
	home, err := os.UserHomeDir()
	require.NoError(t, err)
	for _, path := range []string{d.top + "/", home + "/go/"} {
		assert.False(t, bytes.Contains(data, []byte(path)), "the program contains %s", path)
	}
}

// The SBOM names what Go has recorded in the program, each with a license.
func TestSBOM(t *testing.T) {
	d := release(t)
	dir := t.TempDir()
	output(t, exec.Command("tar", "-xzf", d.find(t, "*.tar.gz"), "-C", dir, "--strip-components=1"))
	modules := output(t, exec.Command("go", "version", "-m", filepath.Join(dir, "ldcorn")))

	var bom cdx.BOM
	require.NoError(t, cdx.NewBOMDecoder(bytes.NewReader(d.read(t, "*.cdx.json")), cdx.BOMFileFormatJSON).Decode(&bom))
	assert.Equal(t, cdx.SpecVersion1_6, bom.SpecVersion)
	assert.Equal(t, "1.2.3", bom.Metadata.Component.Version)
	sum := output(t, exec.Command("sha256sum", filepath.Join(dir, "ldcorn")))
	assert.Equal(t, strings.Fields(sum)[0], (*bom.Metadata.Component.Hashes)[0].Value)
	refs := make(map[string]bool)
	for _, c := range *bom.Components {
		assert.NotEmpty(t, *c.Licenses, c.Name)
		refs[c.PackageURL] = true
	}
	count := 0
	for line := range strings.Lines(modules) {
		if words := strings.Fields(line); words[0] == "dep" {
			assert.True(t, refs["pkg:golang/"+words[1]+"@"+words[2]], "the SBOM lacks %s", words[1])
			count++
		}
	}
	assert.Greater(t, count, 20)
	assert.True(t, refs["pkg:npm/uplot@"+dashboardDependency(t, "uplot")])
	assert.Len(t, refs, count+2, "the modules, std and uplot")
}

func dashboardDependency(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile("../../engine/dashboard/web/package.json")
	require.NoError(t, err)
	var manifest struct{ Dependencies map[string]string }
	require.NoError(t, json.Unmarshal(data, &manifest))
	return manifest.Dependencies[name]
}
