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

// others describes processes of other users that may be the master of a
// configuration: their sockets are closed to us. It returns "" if there are none.
func others(config string) string {
	var found []string
	all := proc.All()
	for i := range all {
		p := &all[i]
		if p.Name() != "ldcorn" || p.UID() == os.Geteuid() || !runsConfig(p.Command(), config) || slices.ContainsFunc(all, func(q proc.Process) bool {
			return q.PID == p.Parent && q.Name() == "ldcorn" // it works for that one
		}) {
			continue
		}
		if len(found) == maxOthers {
			found = append(found, "…")
			break
		}
		found = append(found, describe(p))
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

// runsConfig reports whether a command line runs a master with a configuration of this
// file name, or names none.
func runsConfig(command []string, config string) bool {
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
		if given {
			return filepath.Base(value) == filepath.Base(config)
		}
	}
	return slices.Contains(configNames, filepath.Base(config)) && (len(command) < 2 || strings.HasPrefix(command[1], "-") || command[1] == "run")
}

// cutPath cuts a path to a width, which is 0 for no limit, from its left.
func cutPath(path string, width int) string {
	runes := []rune(path)
	if width <= 0 || len(runes) <= width {
		return path
	}
	return "…" + string(runes[len(runes)-width+1:])
}
