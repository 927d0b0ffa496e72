package main

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// imageUser is the user of the image, as a number, so that an orchestrator can see that
// it is not root.
const imageUser = "65532:65532"

// imageFiles are the files of the image beside the program. A name with a slash at its end
// is a folder.
func (d *dist) imageFiles(b *binary) ([]file, error) {
	license, err := os.ReadFile(filepath.Join(d.top, "LICENSE"))
	return []file{
		{"etc/", 0o755, nil},
		{"etc/group", 0o644, []byte("root:x:0:\nldcorn:x:65532:\n")},
		{"etc/passwd", 0o644, []byte("root:x:0:0:root:/:/sbin/nologin\nldcorn:x:65532:65532:ldcorn:/app:/sbin/nologin\n")},
		{"app/", 0o755, nil},
		{"tmp/", 0o1777, nil},
		{"usr/", 0o755, nil},
		{"usr/bin/", 0o755, nil},
		{"usr/bin/ldcorn", 0o755, b.data},
		{"usr/share/", 0o755, nil},
		{"usr/share/doc/", 0o755, nil},
		{"usr/share/doc/ldcorn/", 0o755, nil},
		{"usr/share/doc/ldcorn/LICENSE", 0o644, license},
		{"usr/share/doc/ldcorn/THIRD_PARTY_LICENSES", 0o644, b.notices},
		{"usr/share/doc/ldcorn/ldcorn.cdx.json", 0o644, b.sbom},
		{"var/", 0o755, nil},
		{"var/tmp/", 0o1777, nil},
	}, err
}

// writeImage writes an archive with an image of each platform of Linux, which has the program and
// nothing that it does not need. It is an OCI layout, which needs no daemon.
func (d *dist) writeImage(_ context.Context) error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	binaries := slices.DeleteFunc(slices.Clone(d.binaries), func(b *binary) bool { return b.platform.os != "linux" })
	if len(binaries) == 0 {
		return nil
	}
	for _, b := range binaries {
		image, err := d.image(b)
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{
			Platform: &v1.Platform{OS: b.platform.os, Architecture: b.platform.arch},
		}})
	}
	dir, err := os.MkdirTemp("", "dist-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	name := map[string]string{"org.opencontainers.image.ref.name": d.tag()}
	if err := path.AppendIndex(index, layout.WithAnnotations(name)); err != nil {
		return err
	}
	var files []file
	err = filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		name, _ = filepath.Rel(dir, name)
		files = append(files, file{name, 0o644, data})
		return err
	})
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := writeTar(&out, files, d.version.Time); err != nil {
		return err
	}
	return d.write("ldcorn_"+d.tag()+"_oci.tar", out.Bytes())
}

// tag returns the version as the tag of an image can be.
func (d *dist) tag() string { return strings.ReplaceAll(d.version.Semver, "+", "-") }

// image returns the image of a binary.
func (d *dist) image(b *binary) (v1.Image, error) {
	files, err := d.imageFiles(b)
	if err != nil {
		return nil, err
	}
	var content bytes.Buffer
	if err := writeTar(&content, files, d.version.Time); err != nil {
		return nil, err
	}
	// The library compresses less.
	compressed, err := gzipped(content.Bytes())
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(compressed)), nil
	}, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	image, err := mutate.Append(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON),
		mutate.Addendum{Layer: layer, MediaType: types.OCILayer, History: v1.History{
			CreatedBy: "ldcorn dist", Created: v1.Time{Time: d.version.Time},
		}})
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = b.platform.os, b.platform.arch, v1.Time{Time: d.version.Time}
	config.Config = v1.Config{
		User: imageUser, WorkingDir: "/app", Entrypoint: []string{"/usr/bin/ldcorn"}, StopSignal: "SIGTERM",
		Env: []string{"PATH=/usr/local/bin:/usr/bin:/bin"},
		Labels: map[string]string{
			"org.opencontainers.image.title": "ldcorn", "org.opencontainers.image.version": d.version.Semver,
			"org.opencontainers.image.revision": d.version.Commit, "org.opencontainers.image.licenses": "MIT",
			"org.opencontainers.image.source":      "https://github.com/ldcorn/ldcorn",
			"org.opencontainers.image.description": "Groups of Uvicorn workers behind one proxy",
			"org.opencontainers.image.created":     d.version.Time.Format(time.RFC3339),
		},
	}
	return mutate.ConfigFile(image, config)
}

// writeTar writes an archive of files that belong to root, in their order.
func writeTar(out io.Writer, files []file, when time.Time) error {
	w := tar.NewWriter(out)
	for _, f := range files {
		h := &tar.Header{
			Typeflag: tar.TypeReg, Name: f.name, Mode: f.mode, Size: int64(len(f.data)), ModTime: when,
			Uname: "root", Gname: "root", Format: tar.FormatPAX,
		}
		if strings.HasSuffix(f.name, "/") {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		if _, err := w.Write(f.data); err != nil {
			return err
		}
	}
	return w.Close()
}
