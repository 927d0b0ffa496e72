package worker

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/prepare"
	"github.com/ldcorn/ldcorn/engine/shortage"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// probeScript is the script that an interpreter runs; probe.py documents what
// it prints.
//
//go:embed probe.py
var probeScript string

const (
	// probeTimeout bounds one probe; a cold start on a busy machine can take
	// seconds.
	probeTimeout = 30 * time.Second
	probeMark    = "ldcorn-probe "
	exitMissing  = 3 // the script's exit code if there is no Uvicorn
)

// oldestPython is the oldest version that can run a Uvicorn of MinVersion.
var oldestPython = Version{3, 7, 0}

// Facts are what a probe has found out about an interpreter.
type Facts struct {
	Uvicorn Version
	Python  Version
	Beside  bool // Uvicorn is found only in the folder where the worker runs
	// Wrapped means that the file is a script that starts Python as a child
	// instead of becoming it.
	Wrapped bool
}

// A Prober finds out the facts about interpreters and remembers them. The zero
// Prober is ready to use, from any goroutine.
type Prober struct {
	mu      sync.Mutex // guards answers
	answers map[string]*answer
}

// An answer is filled in by the first caller that needs it; the others wait for
// it.
type answer struct {
	once  sync.Once
	facts Facts
	err   error
}

// Probe returns the facts about the interpreter as this group sees it:
// variables such as PYTHONPATH matter. It runs the interpreter once and
// remembers the facts until Forget. It does not remember errors: concurrent
// callers get the same error, but the next call probes again, because the fault
// may have been the machine's or have been fixed. If there is no Uvicorn, the
// error says how to install it. A Uvicorn older than MinVersion is an error.
func (p *Prober) Probe(ctx context.Context, python Interpreter, group *plan.Group) (Facts, error) {
	env := probeEnv(group)
	key := strings.Join(append([]string{python.Path, group.Cwd, group.User, group.UnixGroup}, env...), "\x00")
	for {
		a := p.answer(key)
		asked := false
		a.once.Do(func() {
			a.facts, a.err = probe(ctx, python, group, env)
			asked = true
		})
		if a.err == nil {
			return a.facts, nil
		}
		p.drop(key, a)
		if asked || !errors.Is(a.err, context.Canceled) || ctx.Err() != nil {
			return a.facts, a.err
		}
		// The caller that ran the probe was canceled, which says nothing about
		// the interpreter.
	}
}

// answer returns the answer that is remembered or in progress, or a new one.
func (p *Prober) answer(key string) *answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.answers[key]
	if a == nil {
		if p.answers == nil {
			p.answers = make(map[string]*answer)
		}
		a = new(answer)
		p.answers[key] = a
	}
	return a
}

func (p *Prober) drop(key string, a *answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.answers[key] == a {
		delete(p.answers, key)
	}
}

// Forget makes the next Probe run the interpreter again: Uvicorn may have been
// upgraded.
func (p *Prober) Forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers = nil
}

// probeEnv returns the part of a group's environment that affects which modules
// an interpreter finds. Groups with the same part share one probe.
func probeEnv(group *plan.Group) []string {
	var out []string
	for _, v := range group.Env {
		if strings.HasPrefix(v.Name, "PYTHON") || strings.HasPrefix(v.Name, "LD_") || v.Name == "HOME" || v.Name == "PATH" {
			out = append(out, v.Name+"="+v.Value.Reveal())
		}
	}
	return out
}

// askFacts runs the script in the interpreter, as the user of the group: the user may
// be able to change what the interpreter runs.
func askFacts(ctx context.Context, python Interpreter, group *plan.Group, env []string) (Answer, error) {
	setup, err := prepare.ForTrial(group)
	if err != nil {
		return Answer{}, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, probeTimeout, fmt.Errorf("no answer within %v", probeTimeout))
	defer cancel()
	return Ask(ctx, Question{Python: python.Path, Args: []string{"-c", probeScript}, Dir: group.Cwd, Env: append(inheritedBy(group), env...), Setup: setup})
}

func probe(ctx context.Context, python Interpreter, group *plan.Group, env []string) (Facts, error) {
	said, err := askFacts(ctx, python, group, env)
	facts, pid, answered := parseFacts(said.Stdout)
	facts.Wrapped = answered && pid != said.PID
	answered = answered || standIn(said.Stdout, &facts)
	missing := facts.Uvicorn == Version{}
	var exit *exec.ExitError
	switch {
	case answered && facts.Python.Less(oldestPython):
		return facts, fmt.Errorf("%v is Python %v, want 3.8 or later%s", python, facts.Python, python.hint())
	case answered && missing && errors.As(err, &exit) && exit.ExitCode() == exitMissing:
		return facts, &Advised{fmt.Errorf("%v has no Uvicorn", python),
			fmt.Sprintf("install it with \"%s -m pip install uvicorn\", or name another interpreter with python=%s", python.Path, python.hint())}
	case !answered && (err == nil || errors.As(err, &exit)) && !mayBePython(python.Path, said.Stderr), err == nil && !answered:
		return facts, notPython(python, said, err)
	case errors.As(err, &exit):
		return facts, fmt.Errorf("%v did not report its version: %w%s%s", python, err, complaint(said.Stderr), python.hint())
	case shortage.Is(err):
		return facts, fmt.Errorf("start %v: %w", python, err)
	case err != nil:
		return facts, fmt.Errorf("%v did not report its version: %w%s", python, err, python.hint())
	case missing:
		return facts, notPython(python, said, nil)
	case facts.Uvicorn.Less(MinVersion):
		return facts, &Advised{fmt.Errorf("%v has Uvicorn %v, which is too old: want %v or later", python, facts.Uvicorn, MinVersion),
			fmt.Sprintf("upgrade it with \"%s -m pip install --upgrade uvicorn\"%s", python.Path, python.hint())}
	}
	return facts, nil
}

// standIn parses the answer of a program that stands in for Python and does not
// know the script: it prints the version of the Uvicorn that it imitates, and
// nothing else. scripts/bench has such programs.
func standIn(out string, facts *Facts) bool {
	v, ok := parseVersion(strings.TrimSpace(out))
	if ok && v.String() == strings.TrimSpace(out) {
		facts.Uvicorn, facts.Python = v, oldestPython
		return true
	}
	return false
}

// parseFacts parses what the script prints and ignores other output.
func parseFacts(out string) (facts Facts, pid int, ok bool) {
	for line := range strings.Lines(out) {
		rest, found := strings.CutPrefix(line, probeMark)
		if !found {
			continue
		}
		for _, word := range strings.Fields(rest) {
			switch name, value, _ := strings.Cut(word, "="); name {
			case "pid":
				var err error
				pid, err = strconv.Atoi(value)
				ok = ok || err == nil // otherwise it is the script itself, which something printed
			case "python":
				facts.Python, _ = parseVersion(value)
			case "uvicorn":
				facts.Uvicorn, _ = parseVersion(value)
			case "beside":
				facts.Beside = value == "1"
			}
		}
	}
	return facts, pid, ok
}

// complaint returns what went wrong, which Python says in the last line of a
// traceback, and a shim such as pyenv's in its first lines.
func complaint(stderr string) string {
	const most, maxComplaint = 5, 2 * maxQuoted
	var lines []string
	for line := range strings.Lines(withoutScript(stderr)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, visible.Cut(line, maxComplaint))
		}
	}
	switch {
	case len(lines) == 0:
		return ""
	case strings.Contains(stderr, "Traceback (most recent call last)"):
		lines = lines[len(lines)-1:]
	case len(lines) > most:
		lines = append(lines[:most], "…")
	}
	return ": " + strings.Join(lines, "; ")
}

// brief returns the beginning of what an unknown program printed.
func brief(s string) string {
	const most = 80 // bytes
	s = strings.TrimSpace(withoutScript(s))
	if s == "" {
		return "nothing"
	}
	return strconv.Quote(visible.Cut(s, most))
}
