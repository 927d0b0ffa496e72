package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// checksums is the file with the checksums of all others, which sha256sum -c reads.
const checksums = "SHA256SUMS"

// A file is one of an archive, an image or a package. Its name has no leading slash.
type file struct {
	name string
	mode int64
	data []byte
}

// writeArchive writes the archive of a binary, with its licenses and what else a person
// needs who has no clone, and its SBOM, also on its own.
func (d *dist) writeArchive(_ context.Context, b *binary) error {
	base := strings.ReplaceAll(fmt.Sprintf("ldcorn_%s_%s_%s", d.version.Semver, b.platform.os, b.platform.arch), "+", "-")
	files := []file{
		{"ldcorn", 0o755, b.data}, {"THIRD_PARTY_LICENSES", 0o644, b.notices}, {"ldcorn.cdx.json", 0o644, b.sbom},
	}
	documents, err := d.documents("LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md", "ldconfig.star.example")
	if err != nil {
		return err
	}
	files = append(files, documents...)
	for i := range files {
		files[i].name = base + "/" + files[i].name
	}
	data, err := tarGzip(files, d.version.Time)
	if err != nil {
		return err
	}
	if err := d.write(base+".tar.gz", data); err != nil {
		return err
	}
	return d.write(base+".cdx.json", b.sbom)
}

// tarGzip returns an archive of files that belong to root, sorted by name. The same
// files give the same bytes.
func tarGzip(files []file, when time.Time) ([]byte, error) {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if err := writeTar(zip, files, when); err != nil {
		return nil, err
	}
	err = zip.Close()
	return out.Bytes(), err
}

// writeChecksums writes the checksums of all files that are there.
func (d *dist) writeChecksums() error {
	entries, err := os.ReadDir(d.out)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	for _, e := range entries {
		if e.Name() == checksums || e.IsDir() {
			continue
		}
		data, err := os.ReadFile(filepath.Join(d.out, e.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "%x  %s\n", sha256.Sum256(data), e.Name())
	}
	return d.write(checksums, out.Bytes())
}
