package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"debug/macho"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Load commands that debug/macho does not know.
const (
	loadCodeSignature = 0x1d
	loadBuildVersion  = 0x32
	platformMacOS     = 1
)

// No Mac runs the tests, so they look at what macOS looks at before it runs a program.
func TestDarwin(t *testing.T) {
	t.Parallel()
	d := &dist{top: checkout(t), out: t.TempDir(), version: testVersion, platforms: []platform{{"darwin", "amd64"}, {"darwin", "arm64"}}}
	require.NoError(t, d.make(t.Context()))
	entries, err := os.ReadDir(d.out)
	require.NoError(t, err)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	assert.Equal(t, []string{
		checksums,
		"ldcorn_1.2.3_darwin_amd64.cdx.json", "ldcorn_1.2.3_darwin_amd64.tar.gz",
		"ldcorn_1.2.3_darwin_arm64.cdx.json", "ldcorn_1.2.3_darwin_arm64.tar.gz",
		"ldcorn_go-1.2.3-py3-none-macosx_12_0_arm64.whl", "ldcorn_go-1.2.3-py3-none-macosx_12_0_x86_64.whl",
	}, names, "packages and images are for Linux")

	for arch, cpu := range map[string]macho.Cpu{"amd64": macho.CpuAmd64, "arm64": macho.CpuArm64} {
		program := archived(t, d, arch)
		f, err := macho.NewFile(bytes.NewReader(program))
		require.NoError(t, err)
		assert.Equal(t, cpu, f.Cpu)
		assert.Equal(t, macho.TypeExec, f.Type)
		assert.NotZero(t, f.Flags&macho.FlagPIE)
		libraries, err := f.ImportedLibraries()
		require.NoError(t, err)
		for _, l := range libraries { // those of macOS itself
			assert.Regexp(t, `^(/usr/lib/|/System/Library/Frameworks/)`, l)
		}
		loads := loadCommands(f)
		assert.Equal(t, arch == "arm64", loads[loadCodeSignature] != nil, "macOS on arm64 kills a program without a signature")

		// The wheel asks for the version of macOS that the header asks for.
		require.Len(t, loads[loadBuildVersion], 24)
		field := func(n int) uint32 { return f.ByteOrder.Uint32(loads[loadBuildVersion][n*4:]) }
		assert.EqualValues(t, platformMacOS, field(2))
		tag := fmt.Sprintf("macosx_%d_%d_%s", field(3)>>16, field(3)>>8&0xff, map[string]string{"amd64": "x86_64", "arm64": "arm64"}[arch])
		wheel := wheeled(t, d, tag)
		assert.Equal(t, sha256.Sum256(program), sha256.Sum256(wheel), "the wheel has another program than the archive")

		// What ldcorn version shows is in the program, and no path of this machine.
		assert.Contains(t, string(program), testVersion.Commit)
		assert.NotContains(t, string(program), d.top+"/")
	}
}

// loadCommands returns the load commands of a program by their numbers.
func loadCommands(f *macho.File) map[uint32][]byte {
	out := make(map[uint32][]byte)
	for _, l := range f.Loads {
		raw := l.Raw()
		out[f.ByteOrder.Uint32(raw)] = raw
	}
	return out
}

// archived returns the program in the archive for an architecture.
func archived(t *testing.T, d *dist, arch string) []byte {
	t.Helper()
	base := "ldcorn_1.2.3_darwin_" + arch
	return []byte(output(t, exec.Command("tar", "-xzOf", d.find(t, base+".tar.gz"), base+"/ldcorn")))
}

// wheeled returns the program in the wheel with a tag.
func wheeled(t *testing.T, d *dist, tag string) []byte {
	t.Helper()
	z, err := zip.OpenReader(d.find(t, "*-py3-none-"+tag+".whl"))
	require.NoError(t, err)
	defer z.Close()
	f, err := z.Open("ldcorn_go-1.2.3.data/scripts/ldcorn-go")
	require.NoError(t, err)
	defer f.Close()
	data, err := io.ReadAll(f)
	require.NoError(t, err)
	return data
}

// The defaults have a wheel for each platform.
func TestWheelTags(t *testing.T) {
	var names []string
	for p := range maps.Keys(wheelTags) {
		names = append(names, p.String())
	}
	assert.ElementsMatch(t, strings.Split(defaultPlatforms, ","), slices.Sorted(slices.Values(names)))
}
