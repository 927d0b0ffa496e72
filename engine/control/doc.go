// Package control connects the command line with a running master: HTTP with JSON
// over a unix socket that only the master's user and root can use. The master has
// the Server, and the commands have the Client. The Admin is for monitoring, on an
// address that the configuration names. It changes nothing.
//
// The version of the API is in the path. Each answer is a JSON object with a
// format_version, or lines of such objects, except for the log. The answer to a
// request that failed also has an error.
package control

// SocketName is the name of the socket in the runtime directory.
const SocketName = "control.sock"
