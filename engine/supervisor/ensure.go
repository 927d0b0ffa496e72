package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// lookEvery is how often a master checks that its runtime directory still
// exists. It also checks before each start of a worker.
const lookEvery = 2 * time.Second

// Keep makes Ensure call again, with the path of the directory, after every
// check. The function must recreate whatever it keeps in the directory, if that
// is gone. Only one goroutine calls it at a time, and it must not call r.
func (r *Runtime) Keep(again func(dir string) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep = append(r.keep, again)
}

// Watch calls Ensure periodically until ctx is done: somebody may ask for the
// master's state while no worker is starting.
func (r *Runtime) Watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = r.Ensure() // Ensure has logged the error
		case <-ctx.Done():
			return
		}
	}
}

// Ensure recreates the directory and the locks if they are gone, at the same
// path or, if that now belongs to somebody else or cannot be created, at
// another. It looks up the names of the configuration again, because its path
// may lead elsewhere now. The error says why no worker can be started. Ensure
// logs each problem once.
func (r *Runtime) Ensure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	from := r.dir
	ended, err := r.ensure()
	r.ours = ended == nil // otherwise the other master has its sockets here as well
	told := errors.Join(ended, err)
	for _, again := range r.keep {
		told = errors.Join(told, again(r.dir.Name()))
	}
	if r.dir != from {
		r.log.Warn("runtime directory recreated", "was", from.Name(), "runtime", r.dir.Name(), "reason", "it was gone")
	}
	if text := fmt.Sprint(told); text != r.last {
		if r.last = text; told != nil {
			r.log.Error("runtime directory has a problem", "err", told)
		}
	}
	return err
}

// ensure restores the directory and the locks. ended says that another master
// holds one of the locks: it must have started while ours was gone. Neither
// master owns the other's workers, so both carry on.
func (r *Runtime) ensure() (ended, err error) {
	if id, err := identify(r.config); err == nil && id.whole { // otherwise its folder is being replaced right now
		r.id = id
	}
	if r.inPlace() {
		err = r.lockAll()
	} else {
		err = r.again()
	}
	if errors.As(err, new(*RunningError)) {
		return err, nil
	}
	return nil, err
}

// again recreates the directory, at its old path or wherever it can. As a last
// resort it uses a temporary folder, whose name nobody can take first.
func (r *Runtime) again() error {
	_, err := r.settle(unique(append([]place{r.place}, places()...)))
	if err != nil && !errors.As(err, new(*RunningError)) {
		temp, e := os.MkdirTemp("", "ldcorn-"+strconv.Itoa(os.Geteuid())+"-")
		if e != nil {
			return errors.Join(err, e)
		}
		if _, err = r.settle([]place{{path: temp}}); err != nil && !errors.As(err, new(*RunningError)) {
			_ = os.Remove(temp)
			return err
		}
		r.temp = temp
	}
	for _, l := range r.locks { // those that still exist
		_ = l.write(r.dir.Name())
	}
	for socket, rec := range r.records {
		r.writeRecord(socket, &rec)
	}
	return err
}

// inPlace reports whether the directory is still there. If somebody has opened
// it to others, inPlace makes it private again.
func (r *Runtime) inPlace() bool {
	return sameFile(r.dir, r.dir.Name()) && makePrivate(r.place.path) == nil && makePrivate(r.dir.Name()) == nil
}
