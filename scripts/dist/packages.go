package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb" // registers the format
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm" // registers the format
)

// writePackages writes the packages of a binary for Debian and for Fedora, and those like
// them.
func (d *dist) writePackages(ctx context.Context, b *binary) error {
	if b.platform.os != "linux" {
		return nil
	}
	dir, err := os.MkdirTemp("", "dist-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	contents, err := d.contents(ctx, b, dir)
	if err != nil {
		return err
	}
	for _, format := range []string{"deb", "rpm"} {
		if err := d.writePackage(format, b, contents); err != nil {
			return fmt.Errorf("%s: %w", format, err)
		}
	}
	return nil
}

// vendorZsh is where Debian's zsh looks for the completions of packages.
const vendorZsh = "usr/share/zsh/vendor-completions/"

// installed lists files of the checkout and where packages install them.
var installed = []struct{ from, to string }{
	{"scripts/dist/files/ldcorn.service", "/usr/lib/systemd/system/ldcorn.service"},
	{"ldconfig.star.example", "/usr/share/doc/ldcorn/examples/ldconfig.star"},
	{"LICENSE", "/usr/share/doc/ldcorn/copyright"},
}

// contents returns what packages install. It writes files that the checkout does not have
// into a folder.
func (d *dist) contents(ctx context.Context, b *binary, dir string) (files.Contents, error) {
	var out files.Contents
	add := func(to string, mode os.FileMode, data []byte) error {
		from := filepath.Join(dir, strconv.Itoa(len(out)))
		out = append(out, &files.Content{Source: from, Destination: to, FileInfo: d.rooted(mode)})
		return os.WriteFile(from, data, 0o600)
	}
	if err := add("/usr/bin/ldcorn", 0o755, b.data); err != nil {
		return nil, err
	}
	if err := add("/usr/share/doc/ldcorn/THIRD_PARTY_LICENSES", 0o644, b.notices); err != nil {
		return nil, err
	}
	if err := add("/usr/share/doc/ldcorn/ldcorn.cdx.json", 0o644, b.sbom); err != nil {
		return nil, err
	}
	documents, err := d.documents("README.md", "CHANGELOG.md", "SECURITY.md")
	if err != nil {
		return nil, err
	}
	for _, f := range documents {
		if err := add("/usr/share/doc/ldcorn/"+f.name, 0o644, f.data); err != nil {
			return nil, err
		}
	}
	manual, err := d.manual(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range manual {
		if err := add("/"+f.name, 0o644, f.data); err != nil {
			return nil, err
		}
		if name, ok := strings.CutPrefix(f.name, vendorZsh); ok { // Fedora's zsh looks elsewhere
			last := out[len(out)-1]
			last.Packager = "deb"
			twin := *last
			twin.Packager, twin.Destination = "rpm", "/usr/share/zsh/site-functions/"+name
			out = append(out, &twin)
		}
	}
	for _, f := range installed {
		out = append(out, &files.Content{Source: filepath.Join(d.top, f.from), Destination: f.to, FileInfo: d.rooted(0o644)})
	}
	return append(out, &files.Content{Destination: "/etc/ldcorn", Type: files.TypeDir, FileInfo: d.rooted(0o755)}), nil
}

// rooted describes a file that belongs to root.
func (d *dist) rooted(mode os.FileMode) *files.ContentFileInfo {
	return &files.ContentFileInfo{Owner: "root", Group: "root", Mode: mode, MTime: d.version.Time}
}

// manual returns the pages for man and the completion scripts, by the paths where they are
// installed. They are the same for all platforms.
func (d *dist) manual(ctx context.Context) ([]file, error) {
	dir, err := os.MkdirTemp("", "dist-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	cmd := exec.CommandContext(ctx, "go", "run", "./cmd/ldcorn/internal/manual", dir, d.version.Semver, strconv.FormatInt(d.version.Time.Unix(), 10))
	cmd.Dir, cmd.Stderr = d.top, os.Stderr
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("manual: %w", err)
	}
	var out []file
	for _, folder := range []struct{ from, to string }{
		{"man", "usr/share/man/man1/"},
		{"bash", "usr/share/bash-completion/completions/"},
		{"zsh", vendorZsh},
		{"fish", "usr/share/fish/vendor_completions.d/"},
	} {
		entries, err := os.ReadDir(filepath.Join(dir, folder.from))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			data, err := os.ReadFile(filepath.Join(dir, folder.from, e.Name()))
			if err != nil {
				return nil, err
			}
			name := folder.to + e.Name()
			if folder.from == "man" {
				name += ".gz"
				if data, err = gzipped(data); err != nil {
					return nil, err
				}
			}
			out = append(out, file{name, 0o644, data})
		}
	}
	return out, nil
}

func gzipped(data []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}

// writePackage writes one package.
func (d *dist) writePackage(format string, b *binary, contents files.Contents) error {
	packager, err := nfpm.Get(format)
	if err != nil {
		return err
	}
	script := func(name string) string { return filepath.Join(d.top, "scripts/dist/files", name) }
	// useradd and getent are in these.
	depends := map[string][]string{"deb": {"passwd", "libc-bin"}, "rpm": {"shadow-utils", "glibc-common"}}
	info := nfpm.WithDefaults(&nfpm.Info{
		Name: "ldcorn", Arch: b.platform.arch, Platform: b.platform.os, Version: d.version.Semver, Release: "1",
		Section: "web", Priority: "optional", Maintainer: "The ldcorn authors <ldcorn@users.noreply.github.com>",
		Homepage: "https://github.com/ldcorn/ldcorn", License: "MIT", MTime: d.version.Time,
		Description: "groups of Uvicorn workers behind one proxy\nRuns groups of Uvicorn workers, sends each request to a group by its path, limits the\n" +
			"requests of each worker, and reloads without losing one.",
		DisableGlobbing: true,
		Overridables: nfpm.Overridables{
			Depends: depends[format], Recommends: []string{"python3-uvicorn"}, Contents: contents,
			Scripts: nfpm.Scripts{PostInstall: script("postinstall.sh"), PreRemove: script("preremove.sh"), PostRemove: script("postremove.sh")},
			RPM:     nfpm.RPM{BuildHost: "localhost", Summary: "Groups of Uvicorn workers behind one proxy", Compression: "gzip:9"},
			Deb:     nfpm.Deb{Compression: "gzip:9"},
		},
	})
	if err := nfpm.PrepareForPackager(info, format); err != nil {
		return err
	}
	var out bytes.Buffer
	if err := packager.Package(info, &out); err != nil {
		return err
	}
	return d.write(packager.ConventionalFileName(info), out.Bytes())
}
