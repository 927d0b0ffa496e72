package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/proc"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// elsewhere says which user runs a master and in which folder, if that is another
// user than ours or another folder than this one. It returns "" otherwise, and if
// the master is in a container.
func elsewhere(ctx context.Context, master *control.Client) string {
	pid, err := master.PID(ctx)
	if err != nil || pid == 0 {
		return ""
	}
	p, err := proc.Read(pid)
	if err != nil {
		return ""
	}
	here, _ := os.Getwd()
	text := ""
	if folder := p.Folder(); folder != "" && folder != here {
		text += " in " + visible.String(folder)
	}
	if uid := p.UID(); uid >= 0 && uid != os.Geteuid() {
		text += " by " + visible.String(p.User())
	}
	if text == "" {
		return ""
	}
	return "started" + text
}

// maxOthers is how many processes of other users an error names, and maxCommand
// how much of a command line.
const (
	maxOthers  = 3
	maxCommand = 60 // bytes
)

// others describes processes of other users that run a master of a configuration:
// their sockets are closed to us. If none is known to, others describes those that
// may, since their folders are closed to us, too. It returns "" if there are none.
func others(config string) string {
	var known, perhaps []string
	all := proc.All()
	for i := range all {
		p := &all[i]
		if p.Name() != "ldcorn" || p.UID() == os.Geteuid() || slices.ContainsFunc(all, func(q proc.Process) bool {
			return q.PID == p.Parent && q.Name() == "ldcorn" // it works for that one
		}) {
			continue
		}
		switch of := configOf(p.Command(), p.Folder()); {
		case of == config:
			known = append(known, describe(p)+" with "+visible.String(config))
		case of != "" && !filepath.IsAbs(of) && (filepath.Base(of) == filepath.Base(config) || slices.Contains(configNames, of) && slices.Contains(configNames, filepath.Base(config))):
			perhaps = append(perhaps, describe(p)+", perhaps with another "+filepath.Base(of))
		}
	}
	found := known
	if len(known) == 0 {
		found = perhaps
	}
	if len(found) > maxOthers {
		found = append(found[:maxOthers:maxOthers], "…")
	}
	return strings.Join(found, ", ")
}

// describe says who runs a process, since when and with which command.
func describe(p *proc.Process) string {
	text := fmt.Sprintf("user %s runs %q (pid %d", visible.String(p.User()), visible.Cut(visible.String(strings.Join(p.Command(), " ")), maxCommand), p.PID)
	if since := p.Since(); !since.IsZero() {
		text += ", since " + since.Format(time.DateTime)
	}
	return text + ")"
}

// configOf returns the path of the configuration that a command line in a folder runs
// a master with, or "" if it runs none. If the folder is "", because it is not known,
// the path can be relative. A command line that names no configuration has the one of
// its folder.
func configOf(command []string, folder string) string {
	for i, word := range command {
		if i == 0 {
			continue
		}
		value, given := strings.CutPrefix(word, "--config=")
		if word == "-c" || word == "--config" {
			given = i+1 < len(command)
			if given {
				value = command[i+1]
			}
		} else if !given {
			value, given = strings.CutPrefix(word, "-c")
			value = strings.TrimPrefix(value, "=")
		}
		switch {
		case !given:
		case folder == "" || filepath.IsAbs(value):
			return filepath.Clean(value)
		default:
			return filepath.Join(folder, value)
		}
	}
	if len(command) == 0 || len(command) > 1 && !strings.HasPrefix(command[1], "-") && command[1] != "run" {
		return ""
	}
	for _, name := range configNames {
		path := filepath.Join(folder, name)
		if _, err := os.Stat(path); err == nil && folder != "" {
			return path
		}
	}
	return configNames[0]
}

// cutPath cuts a path to a width, which is 0 for no limit, from its left.
func cutPath(path string, width int) string {
	runes := []rune(path)
	if width <= 0 || len(runes) <= width {
		return path
	}
	return "…" + string(runes[len(runes)-width+1:])
}
