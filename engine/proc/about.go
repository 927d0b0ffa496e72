package proc

import (
	"os/user"
	"strconv"
)

// User returns the name of the process's effective user, or the number of a
// user without a name.
func (p *Process) User() string { return UserName(p.UID()) }

// UserName returns the name of a user, or the number of a user without a name.
func UserName(uid int) string {
	id := strconv.Itoa(uid)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}
