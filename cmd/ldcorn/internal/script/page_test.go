//go:build linux

package script

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// A command is one of a page, with what the page shows of its output.
type pageCommand struct {
	line  string
	shown []string
}

var commandBlock = regexp.MustCompile("(?ms)^```(sh|console)\n(.*?)^```$")

// pageCommands returns the commands in the blocks of a page: each line of a block of
// sh, without its comment, and of a block of console each line after a "$ ".
func pageCommands(text string) (out []pageCommand) {
	for _, block := range commandBlock.FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(block[2]) {
			line = strings.TrimRight(line, "\n")
			command, typed := strings.CutPrefix(line, "$ ")
			switch {
			case block[1] == "sh":
				out = append(out, pageCommand{line: withoutComment(line)})
			case typed:
				out = append(out, pageCommand{line: withoutComment(command)})
			case len(out) > 0:
				last := &out[len(out)-1]
				last.shown = append(last.shown, line)
			}
		}
	}
	return out
}

// withoutComment returns a command line without the comment behind two spaces.
func withoutComment(line string) string {
	line, _, _ = strings.Cut(line, "  # ")
	return strings.TrimSpace(line)
}

// typed runs a command as a page of the documentation has it:
//
//	typed [-start|-fails] PAGE COMMAND
//
// The command must stand in a block of commands of the page. If it stands there more than
// once, it is the next one after the command that was typed last. Each line that the page
// shows below it must be among those that it prints, except for numbers, times, paths
// and the width of columns. A line of the page that is "…" stands for any. The port 8000
// of this machine is that of the server, and 9100 that of its admin listener.
// With -start, the command starts the server, as start does.
func cmdTyped(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg, "typed")
	var option string
	if len(args) == 3 {
		option, args = args[0], args[1:]
	}
	if len(args) != 2 || !slices.Contains([]string{"", "-start", "-fails"}, option) {
		ts.Fatalf("usage: typed [-start|-fails] PAGE COMMAND")
	}
	text, err := os.ReadFile(filepath.Join(ts.Getenv("ROOT"), args[0]))
	ts.Check(err)
	all := pageCommands(string(text))
	at := of(ts).nextOf(args[0], args[1], all)
	if at < 0 {
		ts.Fatalf("%s has no command %q in a block of sh or console", args[0], args[1])
	}
	if option == "-start" {
		cmdStart(ts, false, strings.Fields(args[1])[1:])
		waitShown(ts, all[at].shown)
		return
	}
	cmd := exec.Command("sh", "-c", atServer(ts, args[1]))
	cmd.Dir, cmd.Env = ts.MkAbs("."), append(environ(ts), "LANG=C.UTF-8", "NO_COLOR=1")
	out, err := cmd.CombinedOutput()
	ts.Logf("%s", out)
	if (err != nil) != (option == "-fails") {
		ts.Fatalf("%s: %v", args[1], err)
	}
	if lacks := lacking(string(out), all[at].shown); lacks != "" {
		ts.Fatalf("%s shows a line that %s does not print:\n%s", args[0], args[1], lacks)
	}
}

// nextOf returns the place of a command of a page: the next one after the command of
// the page that was typed last, or the first one, or -1.
func (s *script) nextOf(page, line string, all []pageCommand) int {
	is := func(c pageCommand) bool { return c.line == line }
	from := min(s.typed[page], len(all))
	at := slices.IndexFunc(all[from:], is) + from
	if at < from {
		at = slices.IndexFunc(all, is)
	}
	s.typed[page] = at + 1
	return at
}

// waitShown waits until the log of the server has the lines of a page.
func waitShown(ts *testscript.TestScript, shown []string) {
	srv := of(ts).servers["ldcorn"]
	if !harness.Until(func() bool { return lacking(string(srv.log.All()), shown) == "" }) {
		ts.Fatalf("the page shows a line that is not in the log:\n%s", lacking(string(srv.log.All()), shown))
	}
}

// atServer returns a command of a page for the ports of the script's server.
func atServer(ts *testscript.TestScript, command string) string {
	for page, variable := range map[string]string{"127.0.0.1:8000": "ADDR", "127.0.0.1:9100": "ADMIN"} {
		if addr := ts.Getenv(variable); addr != "" {
			command = strings.ReplaceAll(command, page, addr)
		}
	}
	return command
}

// lacking returns the first line of a page that an output does not have.
func lacking(output string, shown []string) string {
	printed := strings.Split(shapes(output), "\n")
	for _, line := range shown {
		if line = shapes(line); line != "" && line != "…" && !slices.Contains(printed, line) {
			return line
		}
	}
	return ""
}

// vary are parts of an output that differ between runs and machines.
var vary = []struct {
	of *regexp.Regexp
	by string
}{ // only read
	{regexp.MustCompile(`ldcorn \([^)]*\)|ldcorn \d+\.\d+\.\d+[\w.+-]*`), "ldcorn VERSION"},
	{regexp.MustCompile(`/[\w./-]*/`), "/"},
	{regexp.MustCompile(`/python[\d.]*`), "/python"},
	{regexp.MustCompile(`\b[0-9a-f]{16}\b`), "ID"},
	{regexp.MustCompile(`(?:\d+(?:\.\d+)? ?(?:ms|s|m|h|d))+\b`), "TIME"},
	{regexp.MustCompile(`\d+([.,:]\d+)*`), "N"},
	{regexp.MustCompile(` {2,}`), "  "},
	{regexp.MustCompile(`(?m) +$`), ""},
}

func shapes(text string) string {
	for _, v := range vary {
		text = v.of.ReplaceAllString(text, v.by)
	}
	return text
}

// block writes a block of a page into a file:
//
//	block FILE PAGE LANGUAGE [N]
//
// It is the first of this language, or the Nth. The port 8000 becomes 0, which start
// reads back, and so does the port 9100 of the admin listener.
func cmdBlock(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg, "block")
	n := 1
	if len(args) == 4 {
		var err error
		n, err = strconv.Atoi(args[3])
		ts.Check(err)
		args = args[:3]
	}
	if len(args) != 3 {
		ts.Fatalf("usage: block FILE PAGE LANGUAGE [N]")
	}
	text, err := os.ReadFile(filepath.Join(ts.Getenv("ROOT"), args[1]))
	ts.Check(err)
	blocks := regexp.MustCompile("(?ms)^```"+args[2]+"\n(.*?)^```$").FindAllSubmatch(text, -1)
	if len(blocks) < n {
		ts.Fatalf("%s has %d blocks of %s", args[1], len(blocks), args[2])
	}
	data := strings.NewReplacer(":8000", ":0", ":9100", ":0").Replace(string(blocks[n-1][1]))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(data), 0o666))
}
