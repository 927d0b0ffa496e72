// Command dist makes what a release of ldcorn consists of: for each platform an archive with a
// binary, its licenses and its SBOM, and a wheel; for Linux also packages for Debian and Fedora, and
// one image; and the checksums of all files.
//
//	go run -C scripts/dist . -o dist                 everything, in the folder dist of the checkout
//	go run -C scripts/dist . -platforms linux/amd64  for one platform
//	go run -C scripts/dist . -print-version          the version that the checkout would get
//
// The same commit and the same Go make the same bytes. It is a module of its own, so that what it
// needs is not in the module of ldcorn.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
)

// defaultPlatforms are the platforms of a release. Packages and the image are for Linux only; ldcorn
// runs on macOS for development.
const defaultPlatforms = "linux/amd64,linux/arm64,darwin/amd64,darwin/arm64"

func main() {
	log.SetFlags(0)
	log.SetPrefix("dist: ")
	out := flag.String("o", "dist", "write into this `FOLDER`, which is emptied first; a relative path starts at the top of the checkout")
	platforms := flag.String("platforms", defaultPlatforms, "the `PLATFORMS`, with commas in between")
	printVersion := flag.Bool("print-version", false, "print the version, and make nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *out, *platforms, *printVersion); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out, platforms string, printVersion bool) error {
	top, err := filepath.Abs("../..")
	if err != nil {
		return err
	}
	version, err := readVersion(ctx, top)
	if err != nil {
		return err
	}
	if printVersion {
		fmt.Println(version.Semver)
		return nil
	}
	if !filepath.IsAbs(out) {
		out = filepath.Join(top, out)
	}
	d := &dist{top: top, out: out, version: version}
	for _, name := range strings.Split(platforms, ",") {
		p, err := parsePlatform(name)
		if err != nil {
			return err
		}
		d.platforms = append(d.platforms, p)
	}
	return d.make(ctx)
}

// A dist is what one run makes.
type dist struct {
	top       string // the checkout
	out       string // the folder that the files go to
	version   version
	platforms []platform
	binaries  []*binary // made so far
}

// A platform is an operating system and an architecture, as Go names them.
type platform struct{ os, arch string }

func (p platform) String() string { return p.os + "/" + p.arch }

func parsePlatform(text string) (platform, error) {
	system, arch, ok := strings.Cut(text, "/")
	if !ok || system == "" || arch == "" {
		return platform{}, fmt.Errorf("platform %q: want one such as linux/amd64", text)
	}
	return platform{system, arch}, nil
}

// make writes all files. It removes what the folder had before, but refuses a folder
// that it has not made.
func (d *dist) make(ctx context.Context) error {
	if err := d.clear(); err != nil {
		return err
	}
	d.binaries = nil
	log.Printf("version %s of %s", d.version.Semver, d.version.Time.Format("2006-01-02 15:04 MST"))
	for _, p := range d.platforms {
		b, err := d.build(ctx, p)
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		d.binaries = append(d.binaries, b)
		for _, step := range []func(context.Context, *binary) error{d.writeArchive, d.writeWheel, d.writePackages} {
			if err := step(ctx, b); err != nil {
				return fmt.Errorf("%s: %w", p, err)
			}
		}
	}
	if err := d.writeImage(ctx); err != nil {
		return fmt.Errorf("image: %w", err)
	}
	return d.writeChecksums()
}

// clear makes an empty folder for the files.
func (d *dist) clear() error {
	entries, err := os.ReadDir(d.out)
	switch {
	case os.IsNotExist(err):
	case err != nil:
		return err
	case len(entries) > 0:
		if _, err := os.Stat(filepath.Join(d.out, checksums)); err != nil {
			return fmt.Errorf("%s has files, but no %s: remove it yourself, or name another folder with -o", d.out, checksums)
		}
		if err := os.RemoveAll(d.out); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(d.out, 0o755); err != nil {
		return err
	}
	// A run that fails leaves a folder that the next one recognizes.
	return os.WriteFile(filepath.Join(d.out, checksums), nil, 0o644)
}

// write writes a file of the release.
func (d *dist) write(name string, data []byte) error {
	log.Printf("%s, %.1f MB", name, float64(len(data))/1e6)
	return os.WriteFile(filepath.Join(d.out, name), data, 0o644)
}
