//go:build linux

package script

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// load keeps clients busy in the background until it is stopped.
type load struct {
	kinds   []*kind
	halt    atomic.Bool // clients finish their current request
	cancel  context.CancelFunc
	clients sync.WaitGroup
}

// kind is one kind of request of a load, and its results.
type kind struct {
	method, path string
	size         int // bytes of a POST's body; 0 = none were given
	ok, refused  atomic.Int64
	failed       atomic.Int64

	mu     sync.Mutex // guards errors
	errors []string   // the first few
}

// maxShown is the number of failures that are shown in full.
const maxShown = 5

// load sends requests to a server repeatedly, in the background:
//
//	load start NAME [-clients=N] [-to=ADDR] 'METHOD /path [BYTES]'...
//	load wait NAME N                  wait for N more good answers of each kind
//	load stop NAME [-refused]         finish, print the counts, fail on any failure
//	load drop NAME                    end it, whatever the results
//
// METHOD is GET or POST (BYTES of body, which the app echoes; default 1000) on
// connections that are kept alive, NEW (GET on a new connection each time),
// WS (a websocket, ten echoes, close), or H2 (GET over HTTP/2, or POST if BYTES are
// given; the clients share a connection). Each kind has N clients, default 2, and
// no client repeats a request, except one of H2 that the server says not to have
// seen: a broken connection is a failure. With -refused,
// for a server that is stopping, a request that got no byte of an answer
// because the connection was refused or closed counts as refused instead. The
// server is at $ADDR, unless -to names another one.
func cmdLoad(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg, "load")
	if len(args) < 2 {
		ts.Fatalf("usage: load start|wait|stop|drop NAME ...")
	}
	verb, name, args := args[0], args[1], args[2:]
	loads := of(ts).loads
	if (loads[name] == nil) != (verb == "start") {
		ts.Fatalf("load %s %s: the load is there already, or not yet", verb, name)
	}
	switch verb {
	case "start":
		loads[name] = startLoad(ts, args)
	case "wait":
		loads[name].wait(ts, args)
	case "stop":
		l := loads[name]
		delete(loads, name)
		l.finish(ts, len(args) == 1 && args[0] == "-refused")
	case "drop":
		loads[name].stop()
		delete(loads, name)
	default:
		ts.Fatalf("load %s is unknown", verb)
	}
}

func startLoad(ts *testscript.TestScript, args []string) *load {
	clients := 2
	if n, rest := flag(args, "clients"); n != "" {
		var err error
		clients, err = strconv.Atoi(n)
		ts.Check(err)
		args = rest
	}
	to, args := flag(args, "to")
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{cancel: cancel}
	for _, spec := range args {
		words := strings.Fields(spec)
		if len(words) < 2 {
			ts.Fatalf("%q is not 'METHOD /path [BYTES]'", spec)
		}
		k := &kind{method: words[0], path: words[1]}
		if len(words) == 3 {
			var err error
			k.size, err = strconv.Atoi(words[2])
			ts.Check(err)
		}
		do := newRequester(k, cmp.Or(to, ts.Getenv("ADDR")))
		if do == nil {
			ts.Fatalf("a load knows GET, POST, NEW, WS and H2, not %q", k.method)
		}
		l.kinds = append(l.kinds, k)
		for range clients {
			l.clients.Go(func() { l.repeat(ctx, k, do()) })
		}
	}
	return l
}

// repeat runs one client, which sends requests until the load halts. A refusal
// ends it, because otherwise it would spin.
func (l *load) repeat(ctx context.Context, k *kind, c requester) {
	defer c.close()
	for !l.halt.Load() {
		switch err := c.request(ctx); {
		case err == nil:
			k.ok.Add(1)
		case errors.Is(err, errRefused):
			k.refused.Add(1)
			k.note(err)
			return
		default:
			k.failed.Add(1)
			k.note(err)
			if k.failed.Load() > 1000 {
				return
			}
		}
	}
}

func (k *kind) note(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.errors) < maxShown {
		k.errors = append(k.errors, err.Error())
	}
}

func (l *load) wait(ts *testscript.TestScript, args []string) {
	n, err := strconv.ParseInt(strings.Join(args, ""), 10, 64)
	ts.Check(err)
	for _, k := range l.kinds {
		goal := k.ok.Load() + n
		if !harness.Until(func() bool { return k.ok.Load() >= goal || k.refused.Load() > 0 }) || k.ok.Load() < goal {
			ts.Fatalf("%s: %s", k, strings.Join(k.errors, "; "))
		}
	}
}

// finish lets the clients finish their current requests and prints the results.
func (l *load) finish(ts *testscript.TestScript, stopping bool) {
	l.halt.Store(true)
	l.clients.Wait()
	l.cancel()
	bad := false
	for _, k := range l.kinds {
		fmt.Fprintln(ts.Stdout(), k)
		if k.failed.Load() > 0 || !stopping && k.refused.Load() > 0 {
			bad = true
			fmt.Fprintf(ts.Stdout(), "\t%s\n", strings.Join(k.errors, "\n\t"))
		}
		if k.ok.Load() == 0 {
			bad = true
		}
	}
	if bad {
		ts.Fatalf("requests failed, or none was answered")
	}
}

// stop ends a load that its script has left running, without waiting for
// answers.
func (l *load) stop() {
	l.halt.Store(true)
	l.cancel()
	l.clients.Wait()
}

func (k *kind) String() string {
	return fmt.Sprintf("%s %s ok=%d failed=%d refused=%d", k.method, k.path, k.ok.Load(), k.failed.Load(), k.refused.Load())
}
