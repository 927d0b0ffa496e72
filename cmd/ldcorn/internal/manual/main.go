// Command manual writes what packages install for shells and for man: a page for each
// command of ldcorn, and the completion scripts. make dist runs it.
//
//	go run ./cmd/ldcorn/internal/manual FOLDER VERSION SECONDS
//
// The seconds since 1970 are the date in the pages.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/cli"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: manual FOLDER VERSION SECONDS")
		os.Exit(2)
	}
	seconds, err := strconv.ParseInt(os.Args[3], 10, 64)
	if err == nil {
		err = write(os.Args[1], os.Args[2], time.Unix(seconds, 0).UTC())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "manual:", err)
		os.Exit(1)
	}
}

// write writes the files into the folders man, bash, zsh and fish below dir.
func write(dir, version string, date time.Time) error {
	for _, name := range []string{"man", "bash", "zsh", "fish"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			return err
		}
	}
	root := cli.Command(cli.Build{Version: version})
	if err := root.GenBashCompletionFileV2(filepath.Join(dir, "bash/ldcorn"), true); err != nil {
		return err
	}
	if err := root.GenZshCompletionFile(filepath.Join(dir, "zsh/_ldcorn")); err != nil {
		return err
	}
	if err := root.GenFishCompletionFile(filepath.Join(dir, "fish/ldcorn.fish"), true); err != nil {
		return err
	}
	prepare(root)
	header := &doc.GenManHeader{Section: "1", Date: &date, Source: "ldcorn " + version, Manual: "ldcorn"}
	return doc.GenManTree(root, header, filepath.Join(dir, "man"))
}

// prepare makes the texts of a command, which are for a terminal, into the Markdown that
// GenManTree takes: tables stay as they are.
func prepare(cmd *cobra.Command) {
	cmd.DisableAutoGenTag = true
	cmd.Long = markdown(cmd.Long)
	for _, sub := range cmd.Commands() {
		prepare(sub)
	}
}

// marks are characters that mean something in Markdown.
var marks = regexp.MustCompile("[\\\\`*_<>\\[\\]#]")

// markdown returns a text in which indented lines are blocks of code, and in which no
// character has a meaning.
func markdown(text string) string {
	var out strings.Builder
	indented := false
	for line := range strings.Lines(text) {
		switch {
		case strings.TrimSpace(line) == "":
		case strings.HasPrefix(line, "  "):
			if !indented {
				out.WriteByte('\n')
			}
			indented = true
			line = "  " + line
		default:
			if indented {
				out.WriteByte('\n')
			}
			indented = false
			line = marks.ReplaceAllString(line, `\$0`)
		}
		out.WriteString(line)
	}
	return out.String()
}
