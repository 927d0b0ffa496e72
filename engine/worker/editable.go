package worker

import (
	"encoding/json"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// These constants limit what is read of the packages of an interpreter.
const (
	maxEditable     = 32      // folders
	maxEditableFile = 1 << 20 // bytes of one file
)

// EditableFolders returns the folders with the sources of packages that are installed
// for an interpreter without being copied ("pip install -e"). It reads files and runs
// nothing: the paths in the .pth files of the interpreter's folders of packages, those
// in the finders that setuptools writes, and, for other packages, the folder of the
// project as its direct_url.json has it (PEP 610, PEP 660). The folders are absolute
// and exist. Folders of packages are not among them, nor / and the user's own folder.
func EditableFolders(interpreter string) []string {
	var out, projects []string
	for _, site := range sites(interpreter) {
		for _, pth := range glob(site, "*.pth") {
			for line := range strings.Lines(readSmall(pth)) {
				out = append(out, strings.TrimSpace(line)) // others than paths are dropped
			}
		}
		for _, finder := range glob(site, "__editable___*_finder.py") {
			for _, m := range mapped.FindAllStringSubmatch(mapping.FindString(readSmall(finder)), -1) {
				out = append(out, packageFolder(m[1]))
			}
		}
		for _, direct := range glob(site, "*.dist-info/direct_url.json") {
			projects = append(projects, editableProject(readSmall(direct)))
		}
	}
	out = slices.DeleteFunc(out, func(dir string) bool { return !isSourceFolder(dir) })
	for _, project := range projects {
		if isSourceFolder(project) && !slices.ContainsFunc(out, func(dir string) bool { return isWithin(dir, project) }) {
			out = append(out, project)
		}
	}
	for i := range out {
		out[i] = filepath.Clean(out[i])
	}
	slices.Sort(out) // a folder comes before those in it
	var outer []string
	for _, dir := range out {
		if !slices.ContainsFunc(outer, func(o string) bool { return isWithin(dir, o) }) {
			outer = append(outer, dir)
		}
	}
	return outer[:min(len(outer), maxEditable)]
}

// mapping is the line of a finder of setuptools that says where the packages are, and
// mapped matches the paths in it.
var (
	mapping = regexp.MustCompile(`(?m)^MAPPING\b.*$`)
	mapped  = regexp.MustCompile(`: *['"](/[^'"]*)['"]`)
)

// packageFolder returns the folder to watch for a package or a module.
func packageFolder(path string) string {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return path
	}
	return filepath.Dir(path) // of a module, whose name may lack .py
}

// editableProject returns the folder of the project in a direct_url.json, or "" if the
// package is a copy.
func editableProject(text string) string {
	var direct struct {
		URL string `json:"url"`
		Dir struct {
			Editable bool `json:"editable"`
		} `json:"dir_info"`
	}
	if json.Unmarshal([]byte(text), &direct) != nil || !direct.Dir.Editable {
		return ""
	}
	u, err := url.Parse(direct.URL)
	if err != nil || u.Scheme != "file" || u.Host != "" && u.Host != "localhost" {
		return ""
	}
	return u.Path
}

func isSourceFolder(dir string) bool {
	if !filepath.IsAbs(dir) || isBroad(filepath.Clean(dir)) || strings.Contains(dir, "/site-packages") || strings.Contains(dir, "/dist-packages") {
		return false
	}
	info, err := os.Stat(dir)
	return err == nil && info.IsDir()
}

func isWithin(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// execs matches the command that a script for an interpreter becomes.
var execs = regexp.MustCompile(`(?m)^\s*exec\s+["']?(/[^"'\s$]+)`)

// sites returns the folders of packages that an interpreter may have. A virtual
// environment has its own; another interpreter also those of the machine and the user.
func sites(interpreter string) (out []string) {
	if interpreterOf(interpreter) != "" {
		if m := execs.FindStringSubmatch(readSmall(interpreter)); m != nil && interpreterOf(m[1]) == "" {
			interpreter = m[1]
		}
	}
	prefix := filepath.Dir(filepath.Dir(interpreter))
	prefixes := []string{prefix}
	if _, err := os.Stat(filepath.Join(prefix, "pyvenv.cfg")); err != nil {
		if real, err := filepath.EvalSymlinks(interpreter); err == nil {
			prefixes = append(prefixes, filepath.Dir(filepath.Dir(real)))
		}
		prefixes = append(prefixes, filepath.Join(prefix, "local"))
		if own, err := os.UserHomeDir(); err == nil {
			prefixes = append(prefixes, filepath.Join(own, ".local"))
		}
	}
	for _, dir := range prefixes {
		for _, pattern := range []string{"lib/python3*/site-packages", "lib/python3*/dist-packages"} {
			out = append(out, glob(dir, pattern)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// glob returns the files in a folder that match a pattern. The name of the folder is
// taken as it is.
func glob(dir, pattern string) []string {
	names, err := filepath.Glob(filepath.Join(escapeGlob.Replace(dir), pattern))
	if err != nil {
		return nil
	}
	return names
}

var escapeGlob = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`)

// readSmall returns the text of a regular file, or "" if it cannot be read or is large.
func readSmall(path string) string {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Size() > maxEditableFile {
		return ""
	}
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	data, _ := io.ReadAll(io.LimitReader(f, maxEditableFile))
	return string(data)
}
