//go:build linux

package script

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/cli"
	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
	"github.com/ldcorn/ldcorn/engine/acme/acmetest"
)

// The scripts in testscripts/ specify what ldcorn does. Each one runs the real
// main, as a separate process, with real Uvicorn workers. Besides the verbs of
// testscript, they use the cmds below. The comment on each is its manual. The
// verbs wait for what they need, up to patience, so a script never sleeps.

// maxScripts is how many scripts run at a time. Each starts several
// interpreters.
const maxScripts = 4

func TestMain(m *testing.M) { harness.Main(m, func() int { return cli.Main(cli.Build{}) }) }

func TestScripts(t *testing.T) {
	python, root := harness.Python(t), harness.Root(t)
	running := make(chan struct{}, maxScripts)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join(root, "testscripts"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			running <- struct{}{}
			env.Defer(func() { <-running })
			return setUp(env, root, python)
		},
		Condition: func(cond string) (bool, error) { return condition(cond, python, root) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"block":    cmdBlock,
			"browser":  cmdBrowser,
			"capture":  cmdCapture,
			"clean":    cmdClean,
			"conn":     cmdConn,
			"exchange": cmdExchange,
			"exited":   cmdExited,
			"gone":     cmdGone,
			"cert":     cmdCert,
			"http":     cmdHTTP,
			"issued":   cmdIssued,
			"issuer":   cmdIssuer,
			"join":     cmdJoin,
			"load":     cmdLoad,
			"log":      cmdLog,
			"raw":      cmdRaw,
			"reload":   cmdReload,
			"signal":   cmdSignal,
			"start":    cmdStart,
			"storm":    cmdStorm,
			"stranger": cmdStranger,
			"typed":    cmdTyped,
			"waitexec": cmdWaitExec,
			"waitfile": cmdWaitFile,
			"waithttp": cmdWaitHTTP,
			"waitlog":  cmdWaitLog,
			"workers":  cmdWorkers,
			"ws":       cmdWS,
		},
	})
}

// script holds the state of a running script: its ldcorn processes, requests in
// flight, websockets and loads.
type script struct {
	mark    string // in the environment of every process that the script starts
	runDir  string // where ldcorn puts its sockets
	servers map[string]*server
	pending map[string]<-chan answer
	conns   map[string]*connection
	crowds  map[string]crowd
	sockets map[string]*socket
	loads   map[string]*load
	issuer  *acmetest.Issuer // nil = none
	typed   map[string]int   // how many commands of each page the script has passed
	passed  []*os.File       // sockets that servers got, which stay open as with a service manager
}

type scriptKey struct{}

func of(ts *testscript.TestScript) *script { return ts.Value(scriptKey{}).(*script) }

// setUp gives a script the following, in addition to the settings of
// testscript:
//
//	PATH      begins with a folder whose python3 has Uvicorn
//	PYTHON    that interpreter
//	ROOT      the repository
//	RUNDIR    the runtime directory, where ldcorn keeps its sockets
//	PYSPY     the py-spy of scripts/get-pyspy, if it is there
//	PYTHONPATH  testscripts/support, whose tiny.py keeps the apps short
func setUp(env *testscript.Env, root, python string) error {
	// Not below $WORK: the path of a socket can have at most 108 bytes.
	runDir, err := os.MkdirTemp("", "ldc")
	if err != nil {
		return err
	}
	s := &script{
		mark:    "LDCORN_SCRIPT=" + runDir,
		runDir:  runDir,
		servers: make(map[string]*server),
		pending: make(map[string]<-chan answer),
		conns:   make(map[string]*connection),
		crowds:  make(map[string]crowd),
		sockets: make(map[string]*socket),
		loads:   make(map[string]*load),
		typed:   make(map[string]int),
	}
	env.Values[scriptKey{}] = s
	env.Defer(func() { s.close(env.T().(testing.TB)) })

	bin := filepath.Join(env.WorkDir, ".bin")
	if err := harness.WriteWrapper(filepath.Join(bin, "python3"), python); err != nil {
		return err
	}
	env.Setenv("PATH", bin+string(os.PathListSeparator)+env.Getenv("PATH"))
	env.Setenv("PYTHON", python)
	env.Setenv("ROOT", root)
	env.Setenv("PYSPY", harness.PySpy(root))
	env.Setenv("RUNDIR", runDir)
	env.Setenv("XDG_RUNTIME_DIR", runDir)
	env.Setenv("PYTHONPATH", filepath.Join(root, "testscripts", "support"))
	env.Setenv("PYTHONDONTWRITEBYTECODE", "1")
	env.Setenv("LDCORN_SCRIPT", runDir)
	if env.Getenv("GORACE") == "" {
		// By default, the detector waits a second at every exit.
		env.Setenv("GORACE", "atexit_sleep_ms=20")
	}
	return nil
}

// close ends what the script left running, shows the logs if the script failed,
// and fails it if a server had a data race.
func (s *script) close(t testing.TB) {
	for _, l := range s.loads {
		l.stop()
	}
	for _, f := range s.passed {
		f.Close()
	}
	if s.issuer != nil {
		s.issuer.Close()
	}
	for _, w := range s.sockets {
		w.conn.CloseNow()
	}
	for _, p := range s.processes() {
		p.Kill()
	}
	for _, srv := range s.servers {
		<-srv.done
		if bytes.Contains(srv.log.All(), []byte("DATA RACE")) {
			t.Errorf("data race in %s", srv.name)
		}
		if t.Failed() {
			t.Logf("log of %s:\n%s", srv.name, lastLines(srv.log.All()))
		}
	}
	if err := os.RemoveAll(s.runDir); err != nil {
		t.Errorf("remove the runtime directory: %v", err)
	}
}

// lastLines returns the end of a log, so that the script that follows it in a
// report is not far down. With $LDCORN_TEST_WHOLE_LOG, it returns all of it.
func lastLines(log []byte) []byte {
	const enough = 60
	lines := bytes.SplitAfter(log, []byte("\n"))
	if left := len(lines) - enough; left > 0 && os.Getenv("LDCORN_TEST_WHOLE_LOG") == "" {
		return fmt.Appendf(nil, "(%d lines are left out; LDCORN_TEST_WHOLE_LOG=1 shows them)\n%s", left, bytes.Join(lines[left:], nil))
	}
	return log
}

// A serverLog collects the output of a server.
type serverLog struct {
	harness.Log
	mark int // how far waitlog has read; used only by the script
}

// lines returns the complete lines after the mark.
func (l *serverLog) lines() []string {
	rest := string(l.All()[l.mark:])
	end := strings.LastIndexByte(rest, '\n')
	if end < 0 {
		return nil
	}
	return strings.Split(rest[:end], "\n")
}

// flag takes "-name=value" from the front of args if it is there.
func flag(args []string, name string) (value string, rest []string) {
	if len(args) > 0 {
		if v, ok := strings.CutPrefix(args[0], "-"+name+"="); ok {
			return v, args[1:]
		}
	}
	return "", args
}

// noNeg fails the script if a verb without a negative form is negated.
func noNeg(ts *testscript.TestScript, neg bool, verb string) {
	if neg {
		ts.Fatalf("%s has no negative form", verb)
	}
}
