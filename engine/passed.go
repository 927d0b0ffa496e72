package engine

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/coreos/go-systemd/v22/activation"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/visible"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// passedSockets are the sockets that the service manager has passed to this process
// (sd_listen_fds(3)). They stay open, so that a reload can use one that the
// configuration did not name before.
type passedSockets []*os.File

// takePassed takes the sockets over from the environment, which no later call and no
// child of this process then finds.
func takePassed() passedSockets { return activation.Files(true) }

// listen returns a listener on the socket with a name, or on the only socket if there
// is no name.
func (s passedSockets) listen(bind plan.Bind) (net.Listener, error) {
	var found []net.Listener
	for _, f := range s.named(bind) {
		if l, err := net.FileListener(f); err == nil { // not a datagram socket or an ordinary file
			found = append(found, l)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	for _, l := range found {
		l.Close()
	}
	return nil, s.refuse(bind, len(found))
}

// named returns the sockets with the name of an address, or all of them.
func (s passedSockets) named(bind plan.Bind) []*os.File {
	if bind.Address == "" {
		return s
	}
	return slices.DeleteFunc(slices.Clone(s), func(f *os.File) bool { return f.Name() != bind.Address })
}

// refuse says why there is no listener.
func (s passedSockets) refuse(bind plan.Bind, got int) error {
	hint := "start ldcorn from a .socket unit, or write bind=\"host:port\""
	switch {
	case got > 1 && bind.Address == "":
		return &worker.Advised{Err: fmt.Errorf("bind %q: got %d sockets, want 1", bind, got),
			Hint: fmt.Sprintf("name one, as in %q, or keep one ListenStream= in the .socket unit", "systemd:"+s.names()[0])}
	case got > 1:
		return &worker.Advised{Err: fmt.Errorf("bind %q: got %d sockets with this name, want 1", bind, got),
			Hint: "write a .socket unit with its own FileDescriptorName= for each"}
	case bind.Address == "":
		return &worker.Advised{Err: fmt.Errorf("bind %q: no socket was passed", bind), Hint: hint}
	case len(s) > 0:
		hint = "the sockets that were passed are named " + visible.String(strings.Join(s.names(), ", ")) + ": write one of these, or FileDescriptorName= in the .socket unit"
	}
	return &worker.Advised{Err: fmt.Errorf("bind %q: no socket with this name was passed", bind), Hint: hint}
}

func (s passedSockets) names() []string {
	out := make([]string, len(s))
	for i, f := range s {
		out[i] = f.Name()
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// missing reports whether the socket of an address was not passed, which only a new
// process can change.
func (s passedSockets) missing(bind plan.Bind) bool {
	return bind.Network == "systemd" && len(s.named(bind)) == 0
}

// close closes the sockets.
func (s passedSockets) close() {
	for _, f := range s {
		f.Close()
	}
}
