// Package control is how the command line speaks with a running master: HTTP
// with JSON over a unix socket that only the master's user, and root, may use.
// The Server belongs to the master, the Client to the commands. The Admin is
// for monitoring, on an address of the configuration: it only tells.
//
// The API has its version in the path. Every answer is a JSON object with
// format_version; one of a failure has error, too.
package control

// SocketName is the socket's name in the runtime directory.
const SocketName = "control.sock"
