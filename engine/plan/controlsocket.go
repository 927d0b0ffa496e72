package plan

import "strconv"

// A ControlSocket is the absolute path of the socket on which the master
// answers the command line; "" means a socket in its runtime directory.
type ControlSocket string

// String returns the path as the configuration writes it.
func (c ControlSocket) String() string {
	if c == "" {
		return "None"
	}
	return strconv.Quote(string(c))
}
