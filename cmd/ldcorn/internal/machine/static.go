package machine

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// codeStatic is that of warnings about the folders of statics.
const codeStatic = "W137"

// lookAtStatics warns about folders that are missing, or that have in them what is not
// for the public.
func lookAtStatics(res *config.Result) {
	for i := range res.Plan.Statics {
		s := &res.Plan.Statics[i]
		add := func(message, label string, detail ...string) {
			res.Report.Add(diag.Diagnostic{Code: codeStatic, Severity: diag.Warning, Message: message, Label: label, Detail: detail,
				Span: res.Report.Sources.Word(diag.Span{File: s.Pos.File, Line: s.Pos.Line, Col: s.Pos.Col})})
		}
		info, err := os.Stat(s.Dir)
		if err == nil && !info.IsDir() {
			err = errors.New(s.Dir + " is not a folder")
		}
		if err != nil {
			add(fmt.Sprintf("static(%q) has no files on this machine", s.Prefix), "", err.Error())
			continue
		}
		if holds(s.Dir, res.Plan.Path) {
			add(fmt.Sprintf("static(%q) serves the folder of the configuration, with all files in it", s.Prefix), "name a folder of its own, as in dir=\"assets\"")
			continue
		}
		secret, stale, err := strange(s)
		switch {
		case err != nil:
			add(fmt.Sprintf("static(%q) has a folder that cannot be read", s.Prefix), "", err.Error())
		case len(secret) > 0:
			add(fmt.Sprintf("static(%q) has files that look as if they were not for the public", s.Prefix), "name a folder that has only files to serve",
				"in "+s.Dir+": "+strings.Join(secret, ", ")+" (names that begin with a dot are not served)")
		case len(stale) > 0:
			add(fmt.Sprintf("static(%q) has compressed files that are older than the files themselves, and are not sent", s.Prefix), "compress them again",
				"in "+s.Dir+": "+strings.Join(stale, ", "))
		}
	}
}

// holds reports whether a file is in a folder, or below it, whatever links there are.
func holds(dir, file string) bool {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	file, err = filepath.EvalSymlinks(file)
	if err != nil {
		return false
	}
	rest, err := filepath.Rel(dir, file)
	return err == nil && rest != ".." && !strings.HasPrefix(rest, "../")
}

const (
	mostLooked = 4096 // names in a folder that are looked at
	mostNamed  = 5    // files that a message names
)

// secretNames and secretSuffixes tell files that a web server should not have.
var (
	secretNames    = []string{".git", ".hg", ".svn", ".env", ".htpasswd", ".ssh", ".aws", ".netrc", "id_rsa", "id_ed25519", "ldconfig.star", "ldconfig.py", "pyproject.toml", "__pycache__", "node_modules"}
	secretSuffixes = []string{".key", ".pem", ".p12", ".pfx", ".py", ".pyc", ".sqlite3", ".sqlite", ".db", ".env", ".bak", ".sql"}
)

// strange returns names in the folder itself that look secret, and compressed variants
// that are older than their files.
func strange(s *plan.Static) (secret, stale []string, err error) {
	dir, err := os.Open(s.Dir)
	if err != nil {
		return nil, nil, err
	}
	defer dir.Close()
	entries, err := dir.ReadDir(mostLooked)
	if err != nil && err != io.EOF {
		return nil, nil, err
	}
	for _, e := range entries {
		name := strings.ToLower(e.Name())
		isSecret := slices.Contains(secretNames, name) || slices.ContainsFunc(secretSuffixes, func(suffix string) bool { return strings.HasSuffix(name, suffix) })
		if isSecret && len(secret) < mostNamed {
			secret = append(secret, e.Name())
		}
		if plain := uncompressed(e.Name()); s.Precompressed && plain != "" && len(stale) < mostNamed && isOlder(filepath.Join(s.Dir, e.Name()), filepath.Join(s.Dir, plain)) {
			stale = append(stale, e.Name())
		}
	}
	slices.Sort(secret)
	slices.Sort(stale)
	return secret, stale, nil
}

// uncompressed returns the name of the file that a file can be a variant of, or "".
func uncompressed(name string) string {
	for _, suffix := range []string{".br", ".gz"} {
		if plain, ok := strings.CutSuffix(name, suffix); ok {
			return plain
		}
	}
	return ""
}

// isOlder reports whether both files exist, and the first one was changed before the
// other, to the second.
func isOlder(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && first.ModTime().Unix() < second.ModTime().Unix()
}
