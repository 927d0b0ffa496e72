package plan

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A BindMode is the permissions of a unix socket's file. 0 leaves them to the
// umask. Anybody with write permission can connect.
type BindMode uint32

// ParseBindMode parses octal digits, such as 0660.
func ParseBindMode(s string) (BindMode, error) {
	n, err := strconv.ParseUint(s, 8, 32)
	switch {
	case err != nil || len(s) < 3 || len(s) > 4:
		return 0, fmt.Errorf("%q is not a mode; write 3 or 4 octal digits, such as \"0660\"", s)
	case n > 0o777:
		return 0, fmt.Errorf("%q has more than permission bits; write a mode up to \"0777\"", s)
	case n&0o222 == 0:
		return 0, fmt.Errorf("%q lets nobody connect, because that requires write permission; write \"0660\" for owner and group", s)
	}
	return BindMode(n), nil
}

// String returns the mode as the configuration writes it.
func (m BindMode) String() string {
	if m == 0 {
		return "None"
	}
	return fmt.Sprintf("\"%04o\"", uint32(m))
}

// A BindOwner is the owner of a unix socket's file: a user, a group or both,
// each by name or number. A field that is "" means the master's own.
type BindOwner struct{ User, Group string }

var ownerName = regexp.MustCompile(`^[\pL\pN_][\pL\pN_.@-]*\$?$`)

// ParseBindOwner parses user:group, user or :group.
func ParseBindOwner(s string) (BindOwner, error) {
	user, group, colon := strings.Cut(s, ":")
	if user == "" && group == "" {
		return BindOwner{}, errors.New("it names nobody; write \"user:group\", \"user\" or \":group\"")
	}
	if colon && group == "" {
		return BindOwner{}, fmt.Errorf("%q has no group after the colon; write %q, or name one", s, user)
	}
	for _, name := range []string{user, group} {
		if name == "" {
			continue
		}
		if allDigits(name) {
			// To the system, the highest number means "unchanged".
			if n, err := strconv.ParseUint(name, 10, 32); err != nil || n == 1<<32-1 {
				return BindOwner{}, fmt.Errorf("%s is not a user or group number; the most is %d", name, uint32(1<<32-2))
			}
		} else if !ownerName.MatchString(name) {
			return BindOwner{}, fmt.Errorf("%q is not a user or group name; write \"user:group\"", name)
		}
	}
	return BindOwner{user, group}, nil
}

// IsZero reports whether the owner is the master's own.
func (o BindOwner) IsZero() bool { return o == BindOwner{} }

// String returns the owner as the configuration writes it.
func (o BindOwner) String() string {
	switch {
	case o.IsZero():
		return "None"
	case o.Group == "":
		return strconv.Quote(o.User)
	}
	return strconv.Quote(o.User + ":" + o.Group)
}
