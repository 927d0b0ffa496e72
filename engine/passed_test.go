package engine

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// sayPassed prints the address of each socket that the service manager has passed, or
// why there is none, and what its own children would find.
func sayPassed(binds []string) {
	passed := takePassed()
	for _, s := range binds {
		bind, err := plan.ParseBind(s)
		if err != nil {
			fmt.Println(err)
			continue
		}
		if passed.missing(bind) {
			fmt.Print("missing: ")
		}
		for range 2 { // a reload can use it again
			l, err := passed.listen(bind)
			if err != nil {
				fmt.Println(err)
				break
			}
			fmt.Println(address(l))
			l.Close()
		}
	}
	fmt.Printf("%q%q\n", os.Getenv("LISTEN_FDS"), os.Getenv("LISTEN_FDNAMES"))
}

// TestPassed starts processes as a service manager does.
func TestPassed(t *testing.T) {
	var files []*os.File
	var addrs []string
	for range 3 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		file, err := l.(*net.TCPListener).File()
		require.NoError(t, err)
		defer file.Close()
		files, addrs = append(files, file), append(addrs, l.Addr().String())
	}
	twice := func(i int) string { return addrs[i] + "\n" + addrs[i] + "\n" }
	for _, c := range []struct {
		sockets int
		names   string
		binds   string
		want    string
	}{
		{0, "", "systemd", `missing: bind "systemd": no socket was passed; start ldcorn from a .socket unit, or write bind="host:port"` + "\n"},
		{0, "", "systemd:web", `missing: bind "systemd:web": no socket with this name was passed; start ldcorn from a .socket unit, or write bind="host:port"` + "\n"},
		{1, "", "systemd", twice(0)},
		{1, "web", "systemd systemd:web", twice(0) + twice(0)},
		{2, "", "systemd", `bind "systemd": got 2 sockets, want 1; name one, as in "systemd:LISTEN_FD_3", or keep one ListenStream= in the .socket unit` + "\n"},
		{3, "http:https:http", "systemd:https", twice(1)},
		{3, "http:https:http", "systemd:http", `bind "systemd:http": got 2 sockets with this name, want 1; write a .socket unit with its own FileDescriptorName= for each` + "\n"},
		{3, "http:https:x.socket", "systemd:http systemd:https systemd:x.socket", twice(0) + twice(1) + twice(2)},
		{2, "http:https", "systemd:other",
			`missing: bind "systemd:other": no socket with this name was passed; the sockets that were passed are named http, https: write one of these, or FileDescriptorName= in the .socket unit` + "\n"},
	} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "LDCORN_TEST_ACTIVATED="+c.binds, "LISTEN_FDS="+strconv.Itoa(c.sockets), "LISTEN_FDNAMES="+c.names)
		cmd.ExtraFiles = files[:c.sockets]
		out, err := cmd.Output()
		require.NoError(t, err)
		assert.Equal(t, c.want+`""""`+"\n", string(out), "%d sockets %q, bind %s", c.sockets, c.names, strings.Join(strings.Fields(c.binds), ", "))
	}
}
