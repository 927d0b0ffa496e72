package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// probeTimeout bounds one `python -m uvicorn --version`; a cold start on a
// busy machine takes seconds.
const probeTimeout = 30 * time.Second

// A Prober learns the Uvicorn version of interpreters and remembers it. The
// zero Prober is ready to use, from any goroutine.
type Prober struct {
	mu      sync.Mutex // guards answers
	answers map[string]*answer
}

// An answer is filled by whoever asks first; the others wait for it.
type answer struct {
	once    sync.Once
	version Version
	err     error
}

// Probe returns the version of the Uvicorn that the interpreter has for this
// pool (its PYTHONPATH and the like count). The interpreter is asked once and
// the answer remembered until Forget, an error too. It says how to install
// Uvicorn where there is none, and refuses one older than MinVersion.
func (p *Prober) Probe(ctx context.Context, python string, pool *plan.Pool) (Version, error) {
	env := probeEnv(pool)
	key := strings.Join(append([]string{python, pool.Cwd}, env...), "\x00")
	p.mu.Lock()
	a := p.answers[key]
	if a == nil {
		if p.answers == nil {
			p.answers = make(map[string]*answer)
		}
		a = new(answer)
		p.answers[key] = a
	}
	p.mu.Unlock()
	a.once.Do(func() { a.version, a.err = probe(ctx, python, pool.Cwd, env) })
	if errors.Is(a.err, context.Canceled) {
		p.drop(key, a) // not the interpreter's fault: ask again
	}
	return a.version, a.err
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

// probeEnv is the part of a pool's environment that decides which modules
// an interpreter finds. Pools that do not touch it share one probe.
func probeEnv(pool *plan.Pool) []string {
	var out []string
	for _, v := range pool.Env {
		if strings.HasPrefix(v.Name, "PYTHON") || strings.HasPrefix(v.Name, "LD_") || v.Name == "HOME" {
			out = append(out, v.Name+"="+v.Value.Reveal())
		}
	}
	return out
}

func probe(ctx context.Context, python, dir string, env []string) (Version, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, probeTimeout, fmt.Errorf("no answer within %v", probeTimeout))
	defer cancel()
	cmd := exec.CommandContext(ctx, python, "-m", "uvicorn", "--version")
	cmd.Dir, cmd.Env = dir, append(inherited(), env...)
	cmd.WaitDelay = time.Second // a child of it may hold the pipe open
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return Version{}, fmt.Errorf("%s -m uvicorn --version: %w", python, context.Cause(ctx))
	case bytes.Contains(stderr.Bytes(), []byte("No module named uvicorn")):
		return Version{}, fmt.Errorf("%s has no Uvicorn; install it with \"%s -m pip install uvicorn\", or name another interpreter with python=", python, python)
	case err != nil:
		return Version{}, fmt.Errorf("%s -m uvicorn --version: %w%s", python, err, lastLine(stderr.String()))
	}
	v, ok := parseVersion(stdout.String())
	switch {
	case !ok:
		return Version{}, fmt.Errorf("%s -m uvicorn --version: got %q, want \"Running uvicorn 0.x.y …\"", python, stdout.String())
	case v.Less(MinVersion):
		return Version{}, fmt.Errorf("%s has Uvicorn %v, too old: want %v or later; upgrade it with \"%s -m pip install --upgrade uvicorn\"", python, v, MinVersion, python)
	}
	return v, nil
}

// lastLine is where Python says what went wrong.
func lastLine(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	return ": " + s[strings.LastIndexByte(s, '\n')+1:]
}
