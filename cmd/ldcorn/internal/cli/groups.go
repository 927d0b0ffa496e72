package cli

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/supervisor"
)

// groupFlags are the flags of the commands that act on some groups or all groups.
type groupFlags struct{ all bool }

// addTo makes the arguments of a command names of groups, and adds --all.
func (f *groupFlags) addTo(cmd *cobra.Command, master *masterOptions) {
	cmd.ValidArgsFunction = master.completeGroups
	cmd.Flags().BoolVar(&f.all, "all", false, "every group")
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		switch {
		case f.all && len(args) > 0:
			return usageError("%s: got names of groups and --all, want one of them", cmd.Name())
		case !f.all && len(args) == 0:
			return usageError("%s: got no argument, want the names of groups, or --all", cmd.Name())
		}
		return nil
	}
}

// each calls do for each group that the command line names, one after another,
// until do fails.
func (f *groupFlags) each(ctx context.Context, master *control.Client, args []string, do func(*api.GroupStatus) error) error {
	groups, err := f.groups(ctx, master, args)
	for i := range groups {
		if err := do(&groups[i]); err != nil {
			return err
		}
	}
	return err
}

// groups returns the groups that the command line names, in the order of the
// arguments, or all groups in the order of the master. It fails if one of them does
// not exist, so that the command changes none.
func (f *groupFlags) groups(ctx context.Context, master *control.Client, args []string) ([]api.GroupStatus, error) {
	st, _, err := master.Status(ctx)
	if err != nil {
		return nil, err
	}
	return f.pick(st, args)
}

// pick is like groups, but the caller has the status of the master.
func (f *groupFlags) pick(st *api.Status, args []string) ([]api.GroupStatus, error) {
	there := slices.DeleteFunc(slices.Clone(st.Groups), func(g api.GroupStatus) bool { return g.Removed })
	if f.all {
		if len(there) == 0 {
			return nil, errors.New("nothing runs yet")
		}
		return there, nil
	}
	var known []string
	for _, g := range there {
		known = append(known, g.Name)
	}
	slices.Sort(known)
	var meant []api.GroupStatus
	for _, name := range args {
		i := slices.IndexFunc(there, func(g api.GroupStatus) bool { return g.Name == name })
		if i < 0 {
			return nil, &supervisor.UnknownGroupError{Group: name, Known: known}
		}
		if !slices.ContainsFunc(meant, func(g api.GroupStatus) bool { return g.Name == name }) {
			meant = append(meant, there[i])
		}
	}
	return meant, nil
}
