package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/supervisor"
)

// wholeGroup is the worker of a target that is a group.
const wholeGroup = -1

// A target is what ldcorn restart restarts: a group, or one of its workers.
type target struct {
	group  string
	worker int // an index, or wholeGroup
}

func (t target) String() string {
	if t.worker == wholeGroup {
		return t.group
	}
	return fmt.Sprintf("%s.%d", t.group, t.worker)
}

func (t target) restart(ctx context.Context, master *control.Client) error {
	if t.worker == wholeGroup {
		return master.Restart(ctx, t.group)
	}
	return master.RestartWorker(ctx, t.group, t.worker)
}

// targets returns what the command line names, in its order. It fails if something of
// that does not exist, so that the command changes nothing.
func (f *groupFlags) targets(ctx context.Context, master *control.Client, args []string) ([]target, error) {
	st, _, err := master.Status(ctx)
	if err != nil {
		return nil, err
	}
	return f.pickTargets(st, args)
}

// pickTargets is like targets, but the caller has the status of the master.
func (f *groupFlags) pickTargets(st *api.Status, args []string) ([]target, error) {
	var meant []target
	if f.all {
		groups, err := f.pick(st, nil)
		for i := range groups {
			meant = append(meant, target{groups[i].Name, wholeGroup})
		}
		return meant, err
	}
	for _, arg := range args {
		t, err := f.targetOf(st, arg)
		if err != nil {
			return nil, err
		}
		meant = append(meant, t)
	}
	return withoutRepeats(meant), nil
}

// targetOf returns what an argument names. A group that has the name of a worker comes first.
func (f *groupFlags) targetOf(st *api.Status, arg string) (target, error) {
	_, err := f.pick(st, []string{arg})
	if err == nil {
		return target{arg, wholeGroup}, nil
	}
	name, index, ok := splitWorker(arg)
	if !ok {
		return target{}, err
	}
	groups, none := f.pick(st, []string{name})
	switch {
	case none != nil:
		return target{}, err // which names all of the argument
	case index >= groups[0].Instances:
		return target{}, &supervisor.UnknownWorkerError{Group: name, Worker: index, Known: groups[0].Instances}
	}
	return target{name, index}, nil
}

// splitWorker splits the name of a worker into that of its group and its index.
func splitWorker(name string) (group string, index int, ok bool) {
	i := strings.LastIndexByte(name, '.')
	if i <= 0 {
		return "", 0, false
	}
	n, err := strconv.ParseUint(name[i+1:], 10, 31)
	return name[:i], int(n), err == nil && strconv.FormatUint(n, 10) == name[i+1:]
}

// withoutRepeats leaves out what is there twice, and the workers of groups that are there.
func withoutRepeats(all []target) []target {
	var out []target
	for _, t := range all {
		if !slices.Contains(out, t) && (t.worker == wholeGroup || !slices.Contains(all, target{t.group, wholeGroup})) {
			out = append(out, t)
		}
	}
	return out
}

// completeTargets completes arguments to names of groups, and to those of their workers
// once the name of the group is there.
func (o *masterOptions) completeTargets(cmd *cobra.Command, args []string, begun string) (names []string, _ cobra.ShellCompDirective) {
	o.askMaster(cmd.Context(), func(ctx context.Context, master *control.Client) {
		if st, _, err := master.Status(ctx); err == nil {
			names = targetNames(st, begun)
		}
	})
	names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(args, name) })
	return names, cobra.ShellCompDirectiveNoFileComp
}

func targetNames(st *api.Status, begun string) (names []string) {
	for i := range st.Groups {
		g := &st.Groups[i]
		if g.Removed {
			continue
		}
		names = append(names, g.Name)
		if begun == "" || !strings.HasPrefix(begun, g.Name) {
			continue
		}
		for index := range g.Instances {
			names = append(names, target{g.Name, index}.String())
		}
	}
	return names
}
