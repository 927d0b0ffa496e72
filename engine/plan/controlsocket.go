package plan

import "strconv"

// A ControlSocket is the absolute path of the socket on which the master
// answers the command line; "" is one in its runtime directory.
type ControlSocket string

// String writes the path as the configuration does.
func (c ControlSocket) String() string {
	if c == "" {
		return "None"
	}
	return strconv.Quote(string(c))
}
