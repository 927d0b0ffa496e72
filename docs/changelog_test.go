package docs

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// changeKinds are the sections of a version, in their order.
var changeKinds = []string{"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}

var (
	versionHeading = regexp.MustCompile(`^## \[(\d+)\.(\d+)\.(\d+)(?:-(alpha|beta|rc)\.(\d+))?\] - (\d{4}-\d\d-\d\d)( \[YANKED\])?$`)
	linkTarget     = regexp.MustCompile(`^\[([^]]+)\]: (\S+)$`)
)

const (
	unreleased = "## [Unreleased]"
	repository = "https://github.com/ldcorn/ldcorn/"
)

// A changelog is what the check has read of CHANGELOG.md so far.
type changelog struct {
	names    []string // of the versions, the newest first
	sections []string // of the version at hand
	entries  int      // of the section at hand
	links    []string // the lines at the end
	problems []string
	previous []string // the numbers and the date of the version above
}

// checkChangelog returns what is wrong with the form of a changelog: that of Keep a Changelog 1.1.0.
func checkChangelog(data []byte) []string {
	c := &changelog{}
	if !bytes.HasPrefix(data, []byte("# Changelog\n\n")) || !bytes.HasSuffix(data, []byte("\n")) {
		c.report(1, `want "# Changelog" and an empty line at the beginning, and the end of a line at the end`)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	for i, line := range lines[1:] {
		c.read(i+2, line)
	}
	c.endVersion(len(lines))
	if len(c.names) == 0 {
		c.report(len(lines), "there is no %q", unreleased)
	}
	if want := wantLinks(c.names); !slices.Equal(want, c.links) {
		c.report(len(lines), "want these links at the end:\n%s", strings.Join(want, "\n"))
	}
	return c.problems
}

func (c *changelog) report(line int, format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf("CHANGELOG.md:%d: ", line)+fmt.Sprintf(format, args...))
}

func (c *changelog) read(n int, line string) {
	switch {
	case linkTarget.MatchString(line):
		c.links = append(c.links, line)
	case len(c.links) > 0:
		c.report(n, "want nothing after the links but links")
	case strings.HasPrefix(line, "## "):
		c.endVersion(n)
		c.readVersion(n, line)
	case strings.HasPrefix(line, "### "):
		c.endSection(n)
		c.readSection(n, strings.TrimPrefix(line, "### "))
	case strings.HasPrefix(line, "#"):
		c.report(n, "want only headings of versions (##) and of sections (###)")
	case strings.HasPrefix(line, "- "):
		if c.entries++; len(c.sections) == 0 {
			c.report(n, "want a section such as ### Added above the entry")
		}
	}
	if strings.TrimRight(line, " \t") != line || strings.HasPrefix(line, "* ") {
		c.report(n, `want no space at the end of a line, and entries that begin with "- "`)
	}
}

// readVersion reads the heading of a version. The first one is what is not released.
func (c *changelog) readVersion(n int, line string) {
	if len(c.names) == 0 || line == unreleased {
		if len(c.names) > 0 || line != unreleased {
			c.report(n, "want %q once, above all versions", unreleased)
		}
		c.names = append(c.names, "Unreleased")
		return
	}
	m := versionHeading.FindStringSubmatch(line)
	if m == nil {
		c.report(n, "want a heading such as ## [1.2.3] - 2026-01-31")
		return
	}
	if _, err := time.Parse(time.DateOnly, m[6]); err != nil {
		c.report(n, "%s is no date", m[6])
	}
	if c.previous != nil && (compareVersions(m, c.previous) >= 0 || m[6] > c.previous[6]) {
		c.report(n, "want the newest version first, with dates that fit")
	}
	c.previous = m
	name, _, _ := strings.Cut(strings.TrimPrefix(line, "## ["), "]")
	c.names = append(c.names, name)
}

func (c *changelog) readSection(n int, kind string) {
	at := slices.Index(changeKinds, kind)
	switch {
	case len(c.names) == 0:
		c.report(n, "want the section below a version")
	case at < 0:
		c.report(n, "want one of the sections %s", strings.Join(changeKinds, ", "))
	case len(c.sections) > 0 && at <= slices.Index(changeKinds, c.sections[len(c.sections)-1]):
		c.report(n, "want each section once, in the order %s", strings.Join(changeKinds, ", "))
	}
	c.sections = append(c.sections, kind)
	c.entries = 0
}

func (c *changelog) endSection(n int) {
	if len(c.sections) > 0 && c.entries == 0 {
		c.report(n, "want entries in the section %s, or no section", c.sections[len(c.sections)-1])
	}
}

// endVersion ends a version and its last section. Only what is not released may have none.
func (c *changelog) endVersion(n int) {
	c.endSection(n)
	if c.previous != nil && len(c.sections) == 0 {
		c.report(n, "want a section in the version above")
	}
	c.sections = nil
}

// compareVersions compares versions as matches of versionHeading. A prerelease is older than its version.
func compareVersions(a, b []string) int {
	number := func(s string) int { n, _ := strconv.Atoi(s); return n }
	kind := func(s string) int { return slices.Index([]string{"alpha", "beta", "rc", ""}, s) }
	return cmp.Or(cmp.Compare(number(a[1]), number(b[1])), cmp.Compare(number(a[2]), number(b[2])), cmp.Compare(number(a[3]), number(b[3])),
		cmp.Compare(kind(a[4]), kind(b[4])), cmp.Compare(number(a[5]), number(b[5])))
}

// wantLinks returns the links of versions: each compares the version with the one before.
func wantLinks(names []string) []string {
	var want []string
	for i, name := range names {
		last, tag := i+1 == len(names), "v"+name
		switch {
		case name == "Unreleased" && last:
			tag = "commits/main"
		case name == "Unreleased":
			tag = "compare/v" + names[i+1] + "...HEAD"
		case last:
			tag = "releases/tag/" + tag
		default:
			tag = "compare/v" + names[i+1] + "..." + tag
		}
		want = append(want, "["+name+"]: "+repository+tag)
	}
	return want
}

func TestChangelog(t *testing.T) {
	data, err := os.ReadFile("../CHANGELOG.md")
	require.NoError(t, err)
	assert.Empty(t, checkChangelog(data))
}

const goodChangelog = `# Changelog

What has changed.

## [Unreleased]

## [1.0.0] - 2026-03-02

### Added

- A word
  of two lines.

### Fixed

- A fault.

## [1.0.0-rc.2] - 2026-03-01

### Removed

- A word.

[Unreleased]: https://github.com/ldcorn/ldcorn/compare/v1.0.0...HEAD
[1.0.0]: https://github.com/ldcorn/ldcorn/compare/v1.0.0-rc.2...v1.0.0
[1.0.0-rc.2]: https://github.com/ldcorn/ldcorn/releases/tag/v1.0.0-rc.2
`

// Each is one change to goodChangelog, and a part of what the check should say.
func TestChangelogForm(t *testing.T) {
	require.Empty(t, checkChangelog([]byte(goodChangelog)))
	tests := []struct{ name, old, new, want string }{
		{"title", "# Changelog", "# Changes", `want "# Changelog"`},
		{"nothing unreleased", "## [Unreleased]\n\n", "", "above all versions"},
		{"unreleased below", "## [1.0.0-rc.2] - 2026-03-01", "## [Unreleased]", "above all versions"},
		{"no date", "## [1.0.0] - 2026-03-02", "## [1.0.0]", "want a heading such as"},
		{"no brackets", "## [1.0.0] - 2026-03-02", "## 1.0.0 - 2026-03-02", "want a heading such as"},
		{"impossible date", "2026-03-02", "2026-02-30", "2026-02-30 is no date"},
		{"oldest first", "## [1.0.0-rc.2] - 2026-03-01", "## [1.0.1] - 2026-03-01", "want the newest version first"},
		{"older date above", "2026-03-02", "2026-02-02", "want the newest version first"},
		{"same version", "## [1.0.0-rc.2]", "## [1.0.0]", "want the newest version first"},
		{"unknown section", "### Added", "### New", "want one of the sections"},
		{"section twice", "### Fixed", "### Added", "want each section once"},
		{"section out of order", "### Added", "### Security", "want each section once"},
		{"deep heading", "### Fixed", "#### Fixed", "want only headings"},
		{"empty section", "- A fault.\n", "", "want entries in the section Fixed"},
		{"entry of no section", "## [Unreleased]\n", "## [Unreleased]\n\n- A word.\n", "want a section such as"},
		{"version without sections", "### Removed\n\n- A word.\n", "Nothing.\n", "want a section in the version above"},
		{"star", "- A fault.", "- A fault.\n* Another.", `begin with "- "`},
		{"space at the end", "- A fault.", "- A fault. ", "want no space"},
		{"wrong link", "v1.0.0...HEAD", "v0.9.0...HEAD", "want these links at the end"},
		{"missing link", "[1.0.0-rc.2]: https://github.com/ldcorn/ldcorn/releases/tag/v1.0.0-rc.2\n", "", "want these links"},
		{"text after links", "tag/v1.0.0-rc.2\n", "tag/v1.0.0-rc.2\nThe end.\n", "want nothing after the links"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			changed := strings.Replace(goodChangelog, tt.old, tt.new, 1)
			require.NotEqual(t, goodChangelog, changed)
			assert.Contains(t, strings.Join(checkChangelog([]byte(changed)), "\n"), tt.want)
		})
	}
}
