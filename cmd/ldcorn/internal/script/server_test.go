//go:build linux

package script

import (
	"cmp"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// server is an ldcorn that runs in the background.
type server struct {
	name string
	cmd  *exec.Cmd
	log  serverLog
	addr string        // host:port or unix:/path
	done chan struct{} // closed when the process has ended and its log is complete
}

// start runs ldcorn in the background and waits until it listens:
//
//	start [-name=NAME] [-files=N] [-sockets=NAME,...] [-program=PATH] [-early] [VAR=VALUE...] [ARG...]
//
// Without arguments, they are "-c ldconfig.star". Without a name, it is
// "ldcorn". The server sees the variables of setUp and those given here, but
// not those that "env" sets. Afterwards $PID and $ADDR, or $PID_NAME and
// $ADDR_NAME, hold its pid and address, and $ADMIN or $ADMIN_NAME the address of its
// admin listener. With -early, start does not wait, and there is no address. With -files, the server and its workers can have N open
// files each. With -sockets, it gets listening sockets as a service manager passes
// them (sd_listen_fds(3)), whose addresses are then in $SOCKET_NAME.
// With -program, the server is another file than the ldcorn of the tests.
//
// "! start" expects it to fail before it listens, and puts its log on stderr.
func cmdStart(ts *testscript.TestScript, neg bool, args []string) {
	name, args := flag(args, "name")
	files, args := flag(args, "files")
	sockets, args := flag(args, "sockets")
	program, args := flag(args, "program")
	early := len(args) > 0 && args[0] == "-early"
	if early {
		args = args[1:]
	}
	vars, args := assignments(args)
	suffix := "_" + name
	if name == "" {
		name, suffix = "ldcorn", ""
	}
	if len(args) == 0 {
		args = []string{"-c", "ldconfig.star"}
	}
	s := of(ts)
	if old := s.servers[name]; old != nil && !old.ended() {
		ts.Fatalf("%s runs already", name)
	}
	args = append([]string{cmp.Or(program, "ldcorn")}, args...)
	if files != "" {
		args = append([]string{"sh", "-c", "ulimit -n " + files + ` && exec "$0" "$@"`}, args...)
	}
	passed, vars, args := passSockets(ts, sockets, vars, args)
	srv, err := launch(ts, name, vars, args, passed...)
	ts.Check(err)
	s.servers[name] = srv
	ts.Setenv("PID"+suffix, strconv.Itoa(srv.cmd.Process.Pid))
	if !early {
		awaitStart(ts, neg, srv, suffix)
	}
}

// awaitStart waits until a server listens or, if neg is set, until it has
// failed to.
func awaitStart(ts *testscript.TestScript, neg bool, srv *server, suffix string) {
	var match [][]byte
	settled := harness.Until(func() bool {
		match = harness.Listening.FindSubmatch(srv.log.All())
		return match != nil || srv.ended()
	})
	switch {
	case neg && match == nil && settled:
		_, err := ts.Stderr().Write(srv.log.All())
		ts.Check(err)
		if srv.cmd.ProcessState.Success() {
			ts.Fatalf("%s ended with exit code 0", srv.name)
		}
	case neg:
		ts.Fatalf("%s listens, or still tries to", srv.name)
	case match == nil && settled:
		ts.Fatalf("%s has ended: %v", srv.name, srv.cmd.ProcessState)
	case match == nil:
		ts.Fatalf("%s does not listen", srv.name)
	default:
		srv.addr = string(match[1])
		ts.Setenv("ADDR"+suffix, srv.addr)
		if admin := adminOpen.FindSubmatch(srv.log.All()); admin != nil {
			ts.Setenv("ADMIN"+suffix, string(admin[1]))
		}
	}
}

// launch starts ldcorn with the script's environment and directory, in its own
// process group as a shell would.
func launch(ts *testscript.TestScript, name string, vars, args []string, passed ...*os.File) (*server, error) {
	path, err := exec.LookPath(args[0])
	if err != nil {
		return nil, err
	}
	srv := &server{name: name, cmd: exec.Command(path, args[1:]...), done: make(chan struct{})}
	srv.cmd.Dir = ts.MkAbs(".")
	srv.cmd.Env = append(environ(ts), vars...)
	srv.cmd.Stdout = &srv.log
	srv.cmd.Stderr = &srv.log
	srv.cmd.ExtraFiles = passed
	srv.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := srv.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { // ends with the process, which the script's close kills
		defer close(srv.done)
		_ = srv.cmd.Wait() // the ProcessState has the result
	}()
	return srv, nil
}

// environ returns the variables that an ldcorn inherits from its script.
func environ(ts *testscript.TestScript) []string {
	var out []string
	for _, name := range []string{"WORK", "PATH", "HOME", "TMPDIR", "PYTHON", "PYTHONPATH",
		"PYTHONDONTWRITEBYTECODE", "XDG_RUNTIME_DIR", "LDCORN_SCRIPT", "GORACE", "GOCOVERDIR"} {
		if v := ts.Getenv(name); v != "" {
			out = append(out, name+"="+v)
		}
	}
	return out
}

// assignments takes the VAR=VALUE words from the front of args.
func assignments(args []string) (vars, rest []string) {
	for len(args) > 0 && !strings.HasPrefix(args[0], "-") && strings.Contains(args[0], "=") {
		vars, args = append(vars, args[0]), args[1:]
	}
	return vars, args
}

func (srv *server) ended() bool {
	select {
	case <-srv.done:
		return true
	default:
		return false
	}
}

// named returns the server with the given name, or "ldcorn" if name is empty.
func named(ts *testscript.TestScript, name string) *server {
	if name == "" {
		name = "ldcorn"
	}
	srv := of(ts).servers[name]
	if srv == nil {
		ts.Fatalf("there is no ldcorn called %q", name)
	}
	return srv
}

// signal sends a signal to an ldcorn by its name, or to a process by its pid:
//
//	signal SIGNAL [NAME|PID]
//
// SIGNAL is a name without SIG, such as TERM, or a number.
func cmdSignal(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg, "signal")
	if len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: signal SIGNAL [NAME|PID]")
	}
	sig := unix.SignalNum("SIG" + args[0])
	if number, err := strconv.Atoi(args[0]); err == nil {
		sig = syscall.Signal(number)
	}
	if sig == 0 {
		ts.Fatalf("no signal is called %s", args[0])
	}
	target := strings.Join(args[1:], "")
	pid, err := strconv.Atoi(target)
	if err != nil {
		pid = named(ts, target).cmd.Process.Pid
	}
	ts.Check(unix.Kill(pid, sig))
}

// exited waits until an ldcorn has ended and checks its exit code, or the
// signal that ended it:
//
//	exited CODE|SIGNAL [NAME]
func cmdExited(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg, "exited")
	if len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: exited CODE|SIGNAL [NAME]")
	}
	srv := named(ts, strings.Join(args[1:], ""))
	if !harness.Until(srv.ended) {
		ts.Fatalf("%s still runs", srv.name)
	}
	got := strconv.Itoa(srv.cmd.ProcessState.ExitCode())
	if status := srv.cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() {
		got = status.Signal().String()
	}
	if got != args[0] {
		ts.Fatalf("%s exited with %s, want %s", srv.name, got, args[0])
	}
}

// log puts the log of an ldcorn on stdout:
//
//	log [NAME]
func cmdLog(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg, "log")
	_, err := ts.Stdout().Write(named(ts, strings.Join(args, "")).log.All())
	ts.Check(err)
}

// waitlog waits for a matching line, after the line that the last waitlog or
// reload found, and prints it:
//
//	waitlog [-name=NAME] PATTERN
func cmdWaitLog(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg, "waitlog")
	name, args := flag(args, "name")
	if len(args) != 1 {
		ts.Fatalf("usage: waitlog [-name=NAME] PATTERN")
	}
	re, err := regexp.Compile(args[0])
	ts.Check(err)
	line, err := named(ts, name).waitLine(re)
	ts.Check(err)
	fmt.Fprintln(ts.Stdout(), line)
}

// waitfile waits until a file has a matching line, and prints the first one.
// With -get, it requests PATH before each look. That helps if the file comes from
// a log reader that misses everything before it starts, and nothing shows when
// it has started.
//
//	waitfile [-get=PATH] FILE PATTERN
func cmdWaitFile(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg, "waitfile")
	path, args := flag(args, "get")
	if len(args) != 2 {
		ts.Fatalf("usage: waitfile [-get=PATH] FILE PATTERN")
	}
	re, err := regexp.Compile(args[1])
	ts.Check(err)
	var content []byte
	found := harness.Until(func() bool {
		if path != "" {
			check(ts, call{path: path, status: http.StatusOK}, parseCall(ts, "", []string{"200", path}).do())
		}
		content, _ = os.ReadFile(ts.MkAbs(args[0])) // the file may not exist yet
		for line := range strings.Lines(string(content)) {
			if line = strings.TrimSuffix(line, "\n"); re.MatchString(line) {
				fmt.Fprintln(ts.Stdout(), line)
				return true
			}
		}
		return false
	})
	if !found {
		ts.Fatalf("no line of %s matches %q:\n%s", args[0], re, content)
	}
}

// waitexec repeats a command until its stdout matches:
//
//	waitexec PATTERN COMMAND [ARG...]
func cmdWaitExec(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg, "waitexec")
	if len(args) < 2 {
		ts.Fatalf("usage: waitexec PATTERN COMMAND [ARG...]")
	}
	re, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	var out string
	if !harness.Until(func() bool {
		ts.Check(ts.Exec(args[1], args[2:]...))
		out = ts.ReadFile("stdout")
		return re.MatchString(out)
	}) {
		ts.Fatalf("the output of %q does not come to match %q:\n%s", args[1:], re, out)
	}
}

// waitLine waits for a matching line after the mark and moves the mark past it.
func (srv *server) waitLine(re *regexp.Regexp) (string, error) {
	var line string
	search := func() bool {
		at := srv.log.mark
		for _, l := range srv.log.lines() {
			at += len(l) + 1
			if re.MatchString(l) {
				line, srv.log.mark = l, at
				return true
			}
		}
		return false
	}
	// A server that has ended gets one more look, because its log is complete by
	// then.
	if harness.Until(func() bool { return search() || srv.ended() }) && (line != "" || search()) {
		return line, nil
	}
	return "", fmt.Errorf("no line of the log of %s matches %q", srv.name, re)
}

// The lines in which ldcorn reports the result of a reload.
var (
	reloadEnded = regexp.MustCompile(`\bmsg"?[=:]"reload (applied|failed)"`)
	reloadOK    = regexp.MustCompile(`"reload applied"`)
)

// reload sends HUP and waits until the reload has been applied, N times in a
// row. "! reload" expects the reload to fail and to say so.
//
// With -cert, it replaces a certificate and its key before each of them, see cert.
//
//	reload [-name=NAME] [-cert=FILE] [N]
func cmdReload(ts *testscript.TestScript, neg bool, args []string) {
	name, args := flag(args, "name")
	cert, args := flag(args, "cert")
	times := 1
	if len(args) == 1 {
		var err error
		times, err = strconv.Atoi(args[0])
		ts.Check(err)
	}
	srv := named(ts, name)
	for i := range times {
		if cert != "" {
			writeCert(ts, cert, "", []string{"localhost"})
		}
		ts.Check(syscall.Kill(srv.cmd.Process.Pid, syscall.SIGHUP))
		line, err := srv.waitLine(reloadEnded)
		ts.Check(err)
		if reloadOK.MatchString(line) == neg {
			ts.Fatalf("reload %d of %d: %s", i+1, times, line)
		}
	}
}
