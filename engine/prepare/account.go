package prepare

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// An Account is the user and the groups of a process.
type Account struct {
	UID    int    `json:"uid"` // -1 leaves it, with the supplementary groups
	GID    int    `json:"gid"`
	Groups []int  `json:"groups"` // the supplementary groups
	Name   string `json:"name"`   // of the user, for messages; "" if the number has none
	Home   string `json:"-"`
	Shell  string `json:"-"`
}

// A Problem says why an argument of a group cannot be had.
type Problem struct {
	Argument string
	Err      error
}

func (p *Problem) Error() string { return p.Err.Error() }

func (p *Problem) Unwrap() error { return p.Err }

func problem(argument, format string, args ...any) *Problem {
	return &Problem{argument, fmt.Errorf(format, args...)}
}

// AccountOf returns the account of a group's processes, or nil if it is that of the
// master.
func AccountOf(group *plan.Group) (*Account, *Problem) {
	if group.User == "" && group.UnixGroup == "" {
		return nil, nil
	}
	out := &Account{UID: -1, GID: -1}
	if group.User != "" {
		if err := out.setUser(group.User); err != nil {
			return nil, err
		}
	}
	if group.UnixGroup != "" {
		gid, err := groupID(group.UnixGroup)
		if err != nil {
			return nil, err
		}
		out.GID = gid
	}
	if out.GID < 0 {
		return nil, problem("user", "user %s has no entry in /etc/passwd, which says what its group is; write group= as well", group.User)
	}
	if out.UID >= 0 && !slices.Contains(out.Groups, out.GID) {
		out.Groups = append(out.Groups, out.GID)
	}
	if out.isOurs() {
		return nil, nil
	}
	return out, nil
}

// setUser finds a user, with the groups that a login has.
func (a *Account) setUser(name string) *Problem {
	found, err := user.Lookup(name)
	if n, numErr := strconv.ParseUint(name, 10, 31); err != nil && numErr == nil {
		a.UID, a.Home = int(n), "/"
		if found, err = user.LookupId(name); err != nil {
			return nil // a number without a name
		}
	}
	if err != nil {
		return problem("user", "this machine has no user %q in /etc/passwd; name another, or write a number", name)
	}
	a.Name, a.Home, a.Shell = found.Username, found.HomeDir, shellOf(found.Uid)
	if a.UID, err = strconv.Atoi(found.Uid); err == nil {
		a.GID, err = strconv.Atoi(found.Gid)
	}
	ids, groupsErr := found.GroupIds()
	for _, id := range ids {
		if n, err := strconv.Atoi(id); err == nil {
			a.Groups = append(a.Groups, n)
		}
	}
	if err = errors.Join(err, groupsErr); err != nil {
		return problem("user", "the groups of user %q are not known: %w", name, err)
	}
	return nil
}

func groupID(name string) (int, *Problem) {
	found, err := user.LookupGroup(name)
	if err == nil {
		name = found.Gid
	}
	n, err := strconv.ParseUint(name, 10, 31)
	if err != nil {
		return 0, problem("group", "this machine has no group %q in /etc/group; name another, or write a number", name)
	}
	return int(n), nil
}

// isOurs reports whether this process already has the account.
func (a *Account) isOurs() bool {
	if a.UID >= 0 && a.UID != os.Geteuid() || a.GID != os.Getegid() {
		return false
	}
	ours, err := os.Getgroups()
	if err != nil {
		return false
	}
	for _, gid := range a.Groups {
		if gid != a.GID && !slices.Contains(ours, gid) {
			return false
		}
	}
	return true
}

// Environ returns the variables that a login sets, or nil if the user stays the same.
func (a *Account) Environ() []string {
	if a == nil || a.UID < 0 {
		return nil
	}
	out := []string{"HOME=" + a.Home}
	if a.Name != "" {
		out = append(out, "USER="+a.Name, "LOGNAME="+a.Name)
	}
	if a.Shell != "" {
		out = append(out, "SHELL="+a.Shell)
	}
	return out
}

// Personal are variables with paths and names of the master's user, which mean nothing
// to another one.
var Personal = []string{"HOME", "USER", "LOGNAME", "SHELL", "MAIL", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME",
	"XDG_STATE_HOME", "XDG_SESSION_ID", "DBUS_SESSION_BUS_ADDRESS", "SUDO_USER", "SUDO_UID", "SUDO_GID", "SUDO_COMMAND"}

// String names the user, or the group if the user stays.
func (a *Account) String() string {
	switch {
	case a.UID < 0:
		return fmt.Sprintf("group %d", a.GID)
	case a.Name != "":
		return "user " + a.Name
	}
	return fmt.Sprintf("user %d", a.UID)
}
