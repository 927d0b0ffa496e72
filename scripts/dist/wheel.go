package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// wheelTags are the platforms of wheels. On Linux, any C library will do, as the program is static.
// manylinux2014 is the old name of manylinux_2_17, which an old pip knows. On macOS, the programs
// of Go 1.26 need version 12, as their headers say.
var wheelTags = map[platform][]string{
	{"linux", "amd64"}:  {"manylinux_2_17_x86_64", "manylinux2014_x86_64", "musllinux_1_1_x86_64"},
	{"linux", "arm64"}:  {"manylinux_2_17_aarch64", "manylinux2014_aarch64", "musllinux_1_1_aarch64"},
	{"darwin", "amd64"}: {"macosx_12_0_x86_64"},
	{"darwin", "arm64"}: {"macosx_12_0_arm64"},
}

// launcher is the command ldcorn of the wheel. The Python ldcorn has a command of the same
// name, and takes this one's place if it is installed later. The program is ldcorn-go, so
// that it remains.
const launcher = `#!/bin/sh
# ldcorn runs ldcorn-go, which is beside it. $0 can be a link, as of pipx, or a link to one.
# Not every macOS has readlink -f.
case $0 in
*/*) self=$0 ;;
*) self=$(command -v -- "$0") ;;
esac
while [ -h "$self" ]; do
	target=$(readlink "$self")
	case $target in
	/*) self=$target ;;
	*) self=$(dirname -- "$self")/$target ;;
	esac
done
exec "$(dirname -- "$self")/ldcorn-go" "$@"
`

// pythonReadme is the part of the page of the package that is not in its fields.
const pythonReadme = `# ldcorn

ldcorn runs groups of [Uvicorn](https://www.uvicorn.org) workers behind one address and sends each request to a group
by its path. This package has the program for Linux, and for macOS for development, as the commands ` + "`ldcorn` and `ldcorn-go`" + `, and needs nothing but Uvicorn:

    pip install ldcorn-go
    ldcorn init                # finds the app in this folder, and writes ldconfig.star
    ldcorn check --import
    ldcorn

It has no module to import. The package ` + "`ldcorn`" + ` is the version in Python, which has the module ` + "`ldcorn.config`" + `. Both can be
installed. The command ` + "`ldcorn`" + ` is then that of the package that was installed last, and ` + "`ldcorn-go`" + ` is always this one.
`

// writeWheel writes the package of a binary for pip and uv.
func (d *dist) writeWheel(_ context.Context, b *binary) error {
	tags := wheelTags[b.platform]
	if tags == nil {
		return fmt.Errorf("wheel: no tags for %s", b.platform)
	}
	license, err := os.ReadFile(filepath.Join(d.top, "LICENSE"))
	if err != nil {
		return err
	}
	base := "ldcorn_go-" + d.version.Python
	info, scripts := base+".dist-info/", base+".data/scripts/"
	files := []file{
		{scripts + "ldcorn", 0o755, []byte(launcher)},
		{scripts + "ldcorn-go", 0o755, b.data},
		{info + "licenses/LICENSE", 0o644, license},
		{info + "licenses/THIRD_PARTY_LICENSES", 0o644, b.notices},
		{info + "sboms/ldcorn.cdx.json", 0o644, b.sbom},
		{info + "METADATA", 0o644, d.metadata()},
		{info + "WHEEL", 0o644, wheelFile(tags)},
	}
	data, err := zipWheel(files, info+"RECORD", d.version.Time)
	if err != nil {
		return err
	}
	return d.write(base+"-py3-none-"+strings.Join(tags, ".")+".whl", data)
}

// metadata returns the core metadata of the package.
func (d *dist) metadata() []byte {
	return []byte(`Metadata-Version: 2.4
Name: ldcorn-go
Version: ` + d.version.Python + `
Summary: Runs groups of Uvicorn workers behind one proxy, with routes, caps and reloads
Author: The ldcorn authors
License-Expression: MIT
License-File: LICENSE
License-File: THIRD_PARTY_LICENSES
Project-URL: Source, https://github.com/ldcorn/ldcorn
Project-URL: Changelog, https://github.com/ldcorn/ldcorn/blob/main/CHANGELOG.md
Keywords: asgi,uvicorn,proxy,process manager
Classifier: Environment :: Console
Classifier: Operating System :: POSIX :: Linux
Classifier: Operating System :: MacOS
Classifier: Programming Language :: Python :: 3
Classifier: Topic :: Internet :: WWW/HTTP :: HTTP Servers
Requires-Python: >=3.8
Requires-Dist: uvicorn>=0.17
Provides-Extra: standard
Requires-Dist: uvicorn[standard]>=0.17; extra == "standard"
Description-Content-Type: text/markdown

` + pythonReadme)
}

func wheelFile(tags []string) []byte {
	out := "Wheel-Version: 1.0\nGenerator: ldcorn dist\nRoot-Is-Purelib: false\n"
	for _, tag := range tags {
		out += "Tag: py3-none-" + tag + "\n"
	}
	return []byte(out)
}

// zipWheel returns the files as a wheel, with a RECORD of their checksums.
func zipWheel(files []file, record string, when time.Time) ([]byte, error) {
	var lines bytes.Buffer
	for _, f := range files {
		sum := sha256.Sum256(f.data)
		fmt.Fprintf(&lines, "%s,sha256=%s,%d\n", f.name, base64.RawURLEncoding.EncodeToString(sum[:]), len(f.data))
	}
	fmt.Fprintf(&lines, "%s,,\n", record)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range append(slices.Clone(files), file{record, 0o644, lines.Bytes()}) {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: when}
		h.SetMode(os.FileMode(f.mode))
		member, err := w.CreateHeader(h)
		if err != nil {
			return nil, err
		}
		if _, err := member.Write(f.data); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return out.Bytes(), err
}
