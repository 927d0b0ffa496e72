//go:build linux

package script

import (
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// passSockets opens a socket for each of some names, and returns what a server is
// started with so that it gets them: their files, variables and a command line. The
// variables name the pid of the server, so a shell becomes the server.
func passSockets(ts *testscript.TestScript, names string, vars, args []string) (files []*os.File, moreVars, command []string) {
	if names == "" {
		return nil, vars, args
	}
	all := strings.Split(names, ",")
	for _, name := range all {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		f, err := l.(*net.TCPListener).File()
		ts.Check(err)
		ts.Setenv("SOCKET_"+name, l.Addr().String())
		ts.Check(l.Close()) // the file is another descriptor
		files = append(files, f)
	}
	of(ts).passed = append(of(ts).passed, files...)
	vars = append(vars, "LISTEN_FDS="+strconv.Itoa(len(all)), "LISTEN_FDNAMES="+strings.Join(all, ":"))
	return files, vars, append([]string{"sh", "-c", `LISTEN_PID=$$; export LISTEN_PID; exec "$0" "$@"`}, args...)
}
