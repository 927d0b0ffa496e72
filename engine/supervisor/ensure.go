package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// lookEvery is how often a master looks whether its runtime directory is still
// there. Before each start of a worker it looks as well.
const lookEvery = 2 * time.Second

// Keep has Ensure call again, with the path of the directory, whenever it has
// looked after that. What again has in the directory it makes again if that is
// gone. It is called by one goroutine at a time, and must not call r.
func (r *Runtime) Keep(again func(dir string) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep = append(r.keep, again)
}

// Watch calls Ensure now and then until ctx is done: somebody may ask for the
// master's state while no worker starts.
func (r *Runtime) Watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = r.Ensure() // it has logged that
		case <-ctx.Done():
			return
		}
	}
}

// Ensure makes the directory and the locks again if they are gone, at the same
// path or, if that is somebody else's now or cannot be made, at another. The
// names of the configuration are found anew: its path may lead elsewhere. The
// error says why no worker can be started. Whatever goes wrong is logged once.
func (r *Runtime) Ensure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	from := r.dir
	ended, err := r.ensure()
	r.ours = ended == nil // else the other one has its sockets here as well
	told := errors.Join(ended, err)
	for _, again := range r.keep {
		told = errors.Join(told, again(r.dir.Name()))
	}
	if r.dir != from {
		r.log.Warn("runtime directory made again", "was", from.Name(), "runtime", r.dir.Name(), "reason", "it was gone")
	}
	if text := fmt.Sprint(told); text != r.last {
		if r.last = text; told != nil {
			r.log.Error("runtime directory not in order", "err", told)
		}
	}
	return err
}

// ensure sees to the directory and the locks. ended says that another master has
// one of the locks: it must have started while ours was gone. Its workers are
// not ours, and ours are not its: both go on.
func (r *Runtime) ensure() (ended, err error) {
	if id, err := identify(r.config); err == nil && id.whole { // else its folder is just being replaced
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

// again makes the directory again, where it was or where it can be. In the
// worst case that is a folder whose name nobody can take before us.
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
	for _, l := range r.locks { // those that are still there
		_ = l.write(r.dir.Name())
	}
	for socket, rec := range r.records {
		r.writeRecord(socket, &rec)
	}
	return err
}

// inPlace reports whether the directory is still there. It closes it again to
// others where somebody has opened it to them.
func (r *Runtime) inPlace() bool {
	return sameFile(r.dir, r.dir.Name()) && makePrivate(r.place.path) == nil && makePrivate(r.dir.Name()) == nil
}
