package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A runner is a test that runs commands of a page without the verb typed.
type runner struct {
	page    string   // such as docs/install.md
	heading string   // the section with the commands; "" = before the first one, "*" = all of the page
	test    string   // a file, with the name of its test after a colon unless it is a script
	has     []string // what the test has of the section: its heading, or what stands in for the commands
	why     string   // why the test types something else, or why there is no test; "" if it reads the page
}

// runners lists the sections whose commands no script types. A test that reads the page
// has the heading; another one has what it types in place of the commands. Where no test
// can run the commands, there is only a reason.
var runners = []runner{ // only read
	{"README.md", "Install", "scripts/dist/page_test.go:TestPagePip", []string{`"With pip or uv"`}, "it installs the same wheel into an environment of its own"},
	{"docs/quickstart.md", "Start", "scripts/dist/page_test.go:TestPagePip", []string{`"With pip or uv"`}, "it installs the same wheel into an environment of its own"},
	{"docs/quickstart.md", "Try it", "cmd/ldcorn/internal/cli/first_minute_test.go:TestFirstMinute", []string{"make run"}, "it runs what make run runs"},
	{"docs/first-minute.md", "*", "cmd/ldcorn/internal/cli/first_minute_test.go:TestFirstMinute", []string{`"docs/first-minute.md"`}, ""},
	{"docs/install.md", "", "scripts/dist/page_test.go:TestPageArchive", []string{`commands(t, "")`}, ""},
	{"docs/install.md", "An archive", "scripts/dist/page_test.go:TestPageArchive", []string{`"An archive"`}, ""},
	{"docs/install.md", "The first request", "scripts/dist/page_test.go:TestPageArchive", []string{`"The first request"`}, ""},
	{"docs/install.md", "With pip or uv", "scripts/dist/page_test.go:TestPagePip", []string{`"With pip or uv"`}, ""},
	{"docs/install.md", "Debian and Ubuntu", "scripts/dist/packages_test.go:TestPageDeb", []string{`"Debian and Ubuntu"`}, ""},
	{"docs/install.md", "Fedora and others", "scripts/dist/packages_test.go:TestPageRPM", []string{`"Fedora and others"`}, ""},
	{"docs/install.md", "The service", "scripts/dist/packages_test.go:TestPageDeb", []string{`"The service"`}, ""},
	{"docs/install.md", "With Go", "", nil, "there is no module of this version to load before it is released"},
	{"docs/incidents.md", "A blocked event loop", "testscripts/incident_blocked.txtar", []string{"ldcorn ps", "blocked event loop"}, "it makes the same incident in another group"},
	{"docs/incidents.md", "Memory that grows", "testscripts/incident_leak.txtar", []string{"memory grows"}, "it makes the same incident in another group"},
	{"docs/incidents.md", "A crash loop", "testscripts/incident_crash_loop.txtar", []string{"ldcorn status", "crash loop"}, "it makes the same incident in another group"},
	{"docs/incidents.md", "A queue", "testscripts/incident_queue.txtar", []string{"ldcorn ps", "queue for"}, "it makes the same incident in another group"},
	{"docs/incidents.md", "A bad deploy", "testscripts/incident_deploy.txtar", []string{"bad deploy"}, "it makes the same incident in another group"},
	{"docs/development.md", "", "testscripts/watch.txtar", []string{"run --watch", "reload applied"}, "it reads the log as a file has it, and the page shows that of a terminal"},
	{"docs/install.md", "macOS and Windows", "", nil, "no Mac runs the tests"},
	{"docs/comparison.md", "*", "", nil, "it measures for many minutes, with other servers that it loads"},
	{"docs/operations.md", "A unit of systemd", "testscripts/export_systemd.txtar", []string{"ldcorn export systemd", " -o units"}, "it writes into another folder than that of the system"},
	{"docs/behind.md", "AWS ALB", "", nil, "it needs an account of AWS"},
	{"docs/behind.md", "AWS NLB", "", nil, "it needs an account of AWS"},
	{"docs/editors.md", "VS Code", "", nil, "it needs VS Code; make vscode and its tests make the extension"},
}

// A section is a part of a page with blocks of commands.
type section struct {
	page, heading string
	commands      []string
}

var (
	commands  = regexp.MustCompile("(?ms)^```(sh|console)\n(.*?)^```$|^## ([^\n]*)$")
	unlabeled = regexp.MustCompile("(?m)^```(bash|shell)?\n(?:\\$ )")
	indented  = regexp.MustCompile(`(?m)(?:^\n)((?: {4}.*\n)+)`)
)

// labeled returns a page whose indented blocks, which are commands, are blocks of sh.
func labeled(text string) string {
	var out strings.Builder
	for at := 0; at < len(text); {
		end := len(text)
		block := fenced.FindStringIndex(text[at:])
		if block != nil {
			end = at + block[0]
		}
		out.WriteString(indented.ReplaceAllString(text[at:end], "\n```sh\n$1```\n"))
		if block == nil {
			break
		}
		out.WriteString(text[end : at+block[1]])
		at += block[1]
	}
	return out.String()
}

// sections returns the parts of a page that have commands: each line of a block of sh,
// and of a block of console each line after a "$ ", without comments.
func sections(page, text string) (out []section) {
	heading := ""
	for _, m := range commands.FindAllStringSubmatch(labeled(text), -1) {
		if m[3] != "" {
			heading = m[3]
			continue
		}
		s := section{page: page, heading: heading}
		for line := range strings.Lines(m[2]) {
			line, prompt := strings.CutPrefix(strings.TrimSpace(line), "$ ")
			line, _, _ = strings.Cut(line, "  # ")
			if m[1] == "sh" || prompt {
				s.commands = append(s.commands, strings.TrimSpace(line))
			}
		}
		out = append(out, s)
	}
	return out
}

// typed returns the commands that scripts type, as PAGE and COMMAND.
func typed(t *testing.T) map[[2]string]bool {
	t.Helper()
	watch(t, "../testscripts")
	files, err := filepath.Glob("../testscripts/*.txtar")
	require.NoError(t, err)
	out := make(map[[2]string]bool)
	line := regexp.MustCompile(`(?m)^typed (?:-\w+ )?(\S+) (?:'((?:[^']|'')*)'|(\S+))$`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range line.FindAllStringSubmatch(string(text), -1) {
			out[[2]string{m[1], strings.ReplaceAll(m[2], "''", "'") + m[3]}] = true
		}
	}
	require.NotEmpty(t, out)
	return out
}

// handBook returns the README and the pages of docs.
func handBook(t *testing.T) (names []string) {
	t.Helper()
	for _, name := range markdown(t) {
		if name == "README.md" || strings.HasPrefix(name, "docs/") {
			names = append(names, name)
		}
	}
	return names
}

// TestCommands checks that a test runs each command of the README and of the pages: a
// script that types it, or a test in the list of runners.
func TestCommands(t *testing.T) {
	types, used := typed(t), make(map[int]bool)
	for _, page := range handBook(t) {
		text, err := os.ReadFile(filepath.Join("..", page))
		require.NoError(t, err)
		assert.False(t, unlabeled.Match(text), "%s: call blocks of commands sh, or console if they show what is printed", page)
		for _, s := range sections(page, string(text)) {
			at := slices.IndexFunc(runners, func(r runner) bool { return r.page == page && r.heading == s.heading })
			if at < 0 {
				at = slices.IndexFunc(runners, func(r runner) bool { return r.page == page && r.heading == "*" })
			}
			for _, command := range s.commands {
				if types[[2]string{page, command}] {
					continue
				}
				if at < 0 {
					t.Errorf("%s, %q: no test runs %q. Let a script of testscripts type it, or add the section to the list of runners", page, s.heading, command)
					continue
				}
				used[at] = true
			}
		}
	}
	for i, r := range runners {
		assert.True(t, used[i], "%s, %q: the list of runners has a section without a command that it is for", r.page, r.heading)
		r.check(t)
	}
}

// check checks that the test of a runner is there, and has what it should.
func (r *runner) check(t *testing.T) {
	t.Helper()
	if r.test == "" {
		assert.NotEmpty(t, r.why, "%s, %q", r.page, r.heading)
		return
	}
	file, name, _ := strings.Cut(r.test, ":")
	text, err := os.ReadFile(filepath.Join("..", file))
	if !assert.NoError(t, err, "%s, %q", r.page, r.heading) {
		return
	}
	if name != "" {
		assert.Contains(t, string(text), "func "+name+"(", "%s, %q", r.page, r.heading)
	}
	for _, what := range r.has {
		assert.Contains(t, string(text), what, "%s, %q: %s", r.page, r.heading, r.test)
	}
}
