//go:build linux

package script

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// pythonCan caches the interpreter's results, keyed by the code that it ran.
var pythonCan sync.Map

// can reports whether the interpreter runs some code without an error.
func can(python string, args ...string) bool {
	key := strings.Join(append([]string{python}, args...), "\x00")
	if known, ok := pythonCan.Load(key); ok {
		return known.(bool)
	}
	ok := exec.Command(python, args...).Run() == nil
	pythonCan.Store(key, ok)
	return ok
}

// denials checks whether Uvicorn supports an app's own answer to a handshake.
const denials = `
import inspect, sys, uvicorn.protocols.websockets.websockets_impl as m
sys.exit("websocket.http.response.start" not in inspect.getsource(m))
`

// condition reports whether [cond] holds for a script:
//
//	ipv6         this machine has IPv6
//	safe_path    the interpreter has -P
//	root         the test runs as root
//	pidns        unshare can make pid namespaces, in which an ldcorn is process 1
//	userns       unshare can make user namespaces with limits of their own
//	disk         temporary files are on a disk, and not in memory
//	denial       Uvicorn supports an app's own answer to a handshake
//	browser      there is a browser, and what drives it
//	pyspy        there is the py-spy of scripts/get-pyspy; without it, the test fails
//	ptrace       py-spy may look at a process that lets it
//	site         make site has built the site
//	update       the test is to write the pictures in docs anew ($UPDATE_SCREENSHOTS)
//	module:NAME  the interpreter can import the module
//
// CI must have the browser, the site, and every module that does not come with Uvicorn:
// scripts/get-chromium, make site and scripts/get-uvicorn get them, and a skipped test
// would run nowhere.
func condition(cond, python, root string) (bool, error) {
	name, isModule := strings.CutPrefix(cond, "module:")
	switch {
	case isModule:
		has := can(python, "-c", "import "+name)
		if !has && os.Getenv("CI") == "true" && !strings.HasPrefix(name, "uvicorn.") {
			return false, fmt.Errorf("%s has no module %s", python, name)
		}
		return has, nil
	case cond == "browser":
		has := harness.Browser(root) != ""
		if !has && os.Getenv("CI") == "true" {
			return false, errors.New("there is no browser, which scripts/get-chromium installs")
		}
		return has, nil
	case cond == "pyspy":
		if _, err := os.Stat(harness.PySpy(root)); err != nil {
			return false, errors.New("there is no py-spy, and this test runs it: 'make test' gets it, and so does scripts/get-pyspy alone")
		}
		return true, nil
	case cond == "ptrace":
		return mayTrace(), nil
	case cond == "site":
		_, err := os.Stat(filepath.Join(root, ".site", "html", "index.html"))
		if err != nil && os.Getenv("CI") == "true" {
			return false, errors.New("there is no site, which make site builds")
		}
		return err == nil, nil
	case cond == "update":
		return os.Getenv("UPDATE_SCREENSHOTS") != "", nil
	case cond == "root":
		return os.Geteuid() == 0, nil
	case cond == "safe_path":
		return can(python, "-P", "-c", ""), nil
	case cond == "denial":
		return can(python, "-c", denials), nil
	case cond == "disk":
		var fs unix.Statfs_t
		err := unix.Statfs(os.TempDir(), &fs)
		return fs.Type != unix.TMPFS_MAGIC, err
	case cond == "pidns":
		return exec.Command("unshare", "--pid", "--fork", "--mount-proc", "true").Run() == nil, nil
	case cond == "userns":
		return exec.Command("unshare", "--user", "--map-root-user", "sh", "-c", "echo 3 >/proc/sys/user/max_inotify_watches").Run() == nil, nil
	case cond == "ipv6":
		l, err := net.Listen("tcp6", "[::1]:0")
		if err != nil {
			return false, nil
		}
		return true, l.Close()
	}
	return false, fmt.Errorf("unknown condition %q", cond)
}

// mayTrace reports whether a process may look at another one that calls
// prctl(PR_SET_PTRACER): only root may, from the second step of Yama on.
func mayTrace() bool {
	scope, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope")
	if err != nil { // there is no Yama
		return true
	}
	switch strings.TrimSpace(string(scope)) {
	case "0", "1":
		return true
	case "2":
		return os.Getuid() == 0
	}
	return false
}
