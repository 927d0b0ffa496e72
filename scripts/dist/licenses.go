package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// permitted are the licenses of what may be in the program, by their SPDX identifiers.
// All of them permit to distribute it in binary form with their texts beside it, and
// ask for nothing else.
var permitted = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "Unlicense", "Zlib"}

// coverage is how much of a text must be known licenses, in percent. The rest are
// headings, and names of holders.
const coverage = 75

// A component is something that is in the program: a module, Go's standard library, or
// a package of npm.
type component struct {
	name, version string
	sum           string // of a module, as in go.sum
	purl          string
	spdx          []string // the identifiers of its licenses, sorted
	texts         []text   // sorted by name
}

// A text is a file with a license or a notice.
type text struct{ name, data string }

// licenseFile are the names of files with licenses, and noticeFile of those that have to
// be distributed too, but are no licenses.
var (
	licenseFile = regexp.MustCompile(`(?i)^(licen[cs]es?|copying|copyright|unlicense)([-_.].*)?$|^.*[-_.]licen[cs]e(\.(md|txt))?$`)
	noticeFile  = regexp.MustCompile(`(?i)^(notice|patents|authors)([-_.].*)?$`)
)

// classify returns the identifiers of the licenses in a text, or an error if it has an
// unknown one or one that is not permitted.
func classify(data []byte) ([]string, error) {
	found := licensecheck.Scan(data)
	if found.Percent < coverage {
		return nil, fmt.Errorf("only %.0f%% of the text are known licenses", found.Percent)
	}
	ids := make(map[string]bool)
	for _, m := range found.Match {
		if m.IsURL {
			continue
		}
		if !slices.Contains(permitted, m.ID) {
			return nil, fmt.Errorf("%s is not permitted, only %s are", m.ID, strings.Join(permitted, ", "))
		}
		ids[m.ID] = true
	}
	if len(ids) == 0 {
		return nil, errors.New("the text names a license, but is none")
	}
	return slices.Sorted(maps.Keys(ids)), nil
}

// addFolder adds the licenses and notices in a folder, under names below its root.
func (c *component) addFolder(root, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		isLicense := licenseFile.MatchString(e.Name())
		switch filepath.Ext(e.Name()) {
		case ".go", ".s", ".c", ".h", ".py", ".sh":
			continue
		}
		if !e.Type().IsRegular() || !isLicense && !noticeFile.MatchString(e.Name()) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if err := c.add(name, data, isLicense); err != nil {
			return err
		}
	}
	return nil
}

// add adds a text, once.
func (c *component) add(name string, data []byte, isLicense bool) error {
	if slices.ContainsFunc(c.texts, func(t text) bool { return t.name == name }) {
		return nil
	}
	if isLicense {
		ids, err := classify(data)
		if err != nil {
			return fmt.Errorf("license of %s %s: %s: %w", c.name, c.version, name, err)
		}
		c.spdx = append(c.spdx, ids...)
		slices.Sort(c.spdx)
		c.spdx = slices.Compact(c.spdx)
	}
	c.texts = append(c.texts, text{name, string(data)})
	slices.SortFunc(c.texts, func(a, b text) int { return strings.Compare(a.name, b.name) })
	return nil
}

// addPackage adds the texts that hold for a package: those in its folder, and in the
// folders above up to the root of its module.
func (c *component) addPackage(root, dir string) error {
	for {
		if err := c.addFolder(root, dir); err != nil {
			return err
		}
		if dir == root || len(dir) < len(root) {
			return nil
		}
		dir = filepath.Dir(dir)
	}
}

// findLicenses returns all that is in a binary, sorted by name. It fails if something
// has no license, or one that is not permitted.
func (d *dist) findLicenses(ctx context.Context, b *binary) ([]component, error) {
	all := make(map[string]*component)
	for _, m := range b.info.Deps {
		if m.Replace != nil {
			return nil, fmt.Errorf("module %s is replaced, which the SBOM and the licenses do not show", m.Path)
		}
		all[m.Path] = &component{name: m.Path, version: m.Version, sum: m.Sum, purl: "pkg:golang/" + m.Path + "@" + m.Version}
	}
	if err := d.addPackages(ctx, b.platform, all); err != nil {
		return nil, err
	}
	std := &component{name: "std", version: b.info.GoVersion, purl: "pkg:golang/std@" + strings.TrimPrefix(b.info.GoVersion, "go")}
	if runtime.Version() != b.info.GoVersion {
		return nil, fmt.Errorf("%s has built the program, but this runs with %s", b.info.GoVersion, runtime.Version())
	}
	goroot := goEnv("GOROOT")
	if err := std.addFolder(goroot, goroot); err != nil {
		return nil, err
	}
	all[std.name] = std
	if err := d.addNPM(all); err != nil {
		return nil, err
	}
	list := make([]component, 0, len(all))
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(all)) {
		c := all[name]
		if len(c.spdx) == 0 {
			errs = append(errs, fmt.Errorf("license of %s %s: found none", c.name, c.version))
		}
		list = append(list, *c)
	}
	return list, errors.Join(errs...)
}

// addPackages adds the texts of the packages that the program links.
func (d *dist) addPackages(ctx context.Context, p platform, all map[string]*component) error {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-json=Dir,Module", command)
	cmd.Dir, cmd.Env, cmd.Stderr = d.top, p.environ(), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go list: %w", err)
	}
	var errs []error
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg struct {
			Dir    string
			Module *struct {
				Path, Dir string
				Main      bool
			}
		}
		if err := dec.Decode(&pkg); errors.Is(err, io.EOF) {
			return errors.Join(errs...)
		} else if err != nil {
			return fmt.Errorf("go list: %w", err)
		}
		if pkg.Module == nil || pkg.Module.Main {
			continue
		}
		c := all[pkg.Module.Path]
		if c == nil {
			return fmt.Errorf("go list names the module %s, which the binary does not", pkg.Module.Path)
		}
		if err := c.addPackage(pkg.Module.Dir, pkg.Dir); err != nil {
			errs = append(errs, err)
		}
	}
}

// addNPM adds the packages of npm that are in the files of the dashboard. Their texts are
// in the folder npm, because a build does not install them.
func (d *dist) addNPM(all map[string]*component) error {
	data, err := os.ReadFile(filepath.Join(d.top, "engine/dashboard/web/package.json"))
	if err != nil {
		return err
	}
	var manifest struct{ Dependencies map[string]string }
	if err := json.Unmarshal(data, &manifest); err != nil {
		return fmt.Errorf("package.json: %w", err)
	}
	for name, version := range manifest.Dependencies {
		path := filepath.Join("npm", filepath.FromSlash(name)+".txt")
		data, err := os.ReadFile(filepath.Join(d.top, "scripts/dist", path))
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("the dashboard has %s of npm: put the text of its license into scripts/dist/%s", name, path)
		} else if err != nil {
			return err
		}
		c := &component{name: "npm:" + name, version: version, purl: "pkg:npm/" + strings.Replace(name, "@", "%40", 1) + "@" + version}
		if err := c.add("LICENSE", data, true); err != nil {
			return err
		}
		all[c.name] = c
	}
	return nil
}

// notices returns the texts of all components as one file. Texts that are the same are in
// it once.
func notices(all []component) []byte {
	var out bytes.Buffer
	out.WriteString("ldcorn contains the following works of others, under their licenses.\n")
	users := make(map[string][]string)
	var order []string
	for _, c := range all {
		fmt.Fprintf(&out, "\n%s %s (%s)", c.name, c.version, strings.Join(c.spdx, ", "))
		for _, t := range c.texts {
			if users[t.data] == nil {
				order = append(order, t.data)
			}
			users[t.data] = append(users[t.data], c.name+" "+t.name)
		}
	}
	line := strings.Repeat("=", 80)
	for _, data := range order {
		fmt.Fprintf(&out, "\n\n%s\n%s\n%s\n\n%s", line, strings.Join(users[data], "\n"), line, strings.TrimSpace(data))
	}
	out.WriteByte('\n')
	return out.Bytes()
}
