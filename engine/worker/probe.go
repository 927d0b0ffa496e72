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
	"github.com/ldcorn/ldcorn/engine/shortage"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// probeScript is given to an interpreter: see there for what it prints.
//
//go:embed probe.py
var probeScript string

const (
	// probeTimeout bounds one probe; a cold start on a busy machine takes
	// seconds.
	probeTimeout = 30 * time.Second
	probeMark    = "ldcorn-probe "
	exitMissing  = 3 // of the script, where there is no Uvicorn
)

// oldestPython is the oldest one that has a Uvicorn of MinVersion.
var oldestPython = Version{3, 7, 0}

// Facts are what a probe has learned about an interpreter.
type Facts struct {
	Uvicorn Version
	Python  Version
	Beside  bool // Uvicorn is only found in the folder in which a worker runs
	// Wrapped means that the file is a script that starts Python as a child,
	// instead of becoming it.
	Wrapped bool
}

// A Prober learns the facts of interpreters and remembers them. The zero
// Prober is ready to use, from any goroutine.
type Prober struct {
	mu      sync.Mutex // guards answers
	answers map[string]*answer
}

// An answer is filled by whoever asks first; the others wait for it.
type answer struct {
	once  sync.Once
	facts Facts
	err   error
}

// Probe returns the facts of the interpreter as this group sees it (its
// PYTHONPATH and the like count). The interpreter is asked once, and the answer
// is remembered until Forget. An error is not: whoever asks meanwhile gets it as
// well, and the next one asks again, since the machine may have been at fault, or
// the interpreter be mended. The error says how to install Uvicorn where there is
// none, and refuses one older than MinVersion.
func (p *Prober) Probe(ctx context.Context, python Interpreter, group *plan.Group) (Facts, error) {
	env := probeEnv(group)
	key := strings.Join(append([]string{python.Path, group.Cwd}, env...), "\x00")
	for {
		a := p.answer(key)
		asked := false
		a.once.Do(func() {
			a.facts, a.err = probe(ctx, python, group.Cwd, env)
			asked = true
		})
		if a.err == nil {
			return a.facts, nil
		}
		p.drop(key, a)
		if asked || !errors.Is(a.err, context.Canceled) || ctx.Err() != nil {
			return a.facts, a.err
		}
		// Whoever has asked was told to stop, which is no answer for others.
	}
}

// answer returns the one that is remembered, or that somebody is about to fill.
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

// Forget makes the next Probe ask again: Uvicorn may have been upgraded.
func (p *Prober) Forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers = nil
}

// probeEnv is the part of a group's environment that decides which modules
// an interpreter finds. Groups that do not touch it share one probe.
func probeEnv(group *plan.Group) []string {
	var out []string
	for _, v := range group.Env {
		if strings.HasPrefix(v.Name, "PYTHON") || strings.HasPrefix(v.Name, "LD_") || v.Name == "HOME" || v.Name == "PATH" {
			out = append(out, v.Name+"="+v.Value.Reveal())
		}
	}
	return out
}

// askFacts has the interpreter run the script.
func askFacts(ctx context.Context, python Interpreter, dir string, env []string) (Answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, probeTimeout, fmt.Errorf("no answer within %v", probeTimeout))
	defer cancel()
	return Ask(ctx, Question{Python: python.Path, Args: []string{"-c", probeScript}, Dir: dir, Env: append(inherited(), env...)})
}

func probe(ctx context.Context, python Interpreter, dir string, env []string) (Facts, error) {
	said, err := askFacts(ctx, python, dir, env)
	facts, pid, answered := parseFacts(said.Stdout)
	facts.Wrapped = answered && pid != said.PID
	answered = answered || standIn(said.Stdout, &facts)
	missing := facts.Uvicorn == Version{}
	var exit *exec.ExitError
	switch {
	case answered && facts.Python.Less(oldestPython):
		return facts, fmt.Errorf("%v is Python %v, want 3.8 or later%s", python, facts.Python, python.hint())
	case answered && missing && errors.As(err, &exit) && exit.ExitCode() == exitMissing:
		return facts, fmt.Errorf("%v has no Uvicorn; install it with \"%s -m pip install uvicorn\", or name another interpreter with python=%s", python, python.Path, python.hint())
	case !answered && (err == nil || errors.As(err, &exit)) && !mayBePython(python.Path, said.Stderr), err == nil && !answered:
		return facts, notPython(python, said, err)
	case errors.As(err, &exit):
		return facts, fmt.Errorf("%v does not say its version: %w%s%s", python, err, complaint(said.Stderr), python.hint())
	case shortage.Is(err):
		return facts, fmt.Errorf("start %v: %w", python, err)
	case err != nil:
		return facts, fmt.Errorf("%v does not say its version: %w%s", python, err, python.hint())
	case missing:
		return facts, notPython(python, said, nil)
	case facts.Uvicorn.Less(MinVersion):
		return facts, fmt.Errorf("%v has Uvicorn %v, too old: want %v or later; upgrade it with \"%s -m pip install --upgrade uvicorn\"%s", python, facts.Uvicorn, MinVersion, python.Path, python.hint())
	}
	return facts, nil
}

// standIn reads the answer of a program that stands in for Python and knows of
// no such script: the version of the Uvicorn that it plays, and nothing else.
// scripts/bench has some.
func standIn(out string, facts *Facts) bool {
	v, ok := parseVersion(strings.TrimSpace(out))
	if ok && v.String() == strings.TrimSpace(out) {
		facts.Uvicorn, facts.Python = v, oldestPython
		return true
	}
	return false
}

// parseFacts reads what the script prints, among what others print.
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
				ok = ok || err == nil // else it is the script itself, which something prints
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

// complaint is what went wrong, as Python says it in the last line of a
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

// brief is the beginning of what an unknown program printed.
func brief(s string) string {
	const most = 80 // bytes
	s = strings.TrimSpace(withoutScript(s))
	if s == "" {
		return "nothing"
	}
	return strconv.Quote(visible.Cut(s, most))
}
