package watch

import (
	"errors"
	"os"
	"sync"
	"syscall"

	"github.com/fsnotify/fsnotify"
)

// A notifier asks the system for events in folders. A folder can have several
// names. The goroutine of the Watcher owns everything but the mailbox.
type notifier struct {
	system *fsnotify.Watcher // nil if all folders are polled
	mail   mailbox
	done   sync.WaitGroup

	byID   map[fileID]*watched
	byPath map[string]fileID // of those with events
	remote map[uint64]bool   // by device: it has no events
	short  bool              // the system has no watches left
}

// A watched is a folder that somebody wants to hear of.
type watched struct {
	path  string // the name that the system knows; "" if there are no events
	users int
}

// newNotifier returns a notifier without folders, which the caller must close. An
// error says why all folders of the notifier are polled.
func newNotifier(poll bool) (*notifier, error) {
	n := &notifier{mail: mailbox{more: make(chan struct{}, 1)},
		byID: make(map[fileID]*watched), byPath: make(map[string]fileID), remote: make(map[uint64]bool)}
	if poll {
		return n, nil
	}
	var err error
	if n.system, err = fsnotify.NewWatcher(); err != nil {
		n.system = nil
		return n, err
	}
	n.done.Go(func() { n.mail.fill(n.system) })
	return n, nil
}

func (n *notifier) close() {
	if n.system != nil {
		_ = n.system.Close() // never fails
	}
	n.done.Wait()
}

// acquire asks for the events in a folder, one more time.
func (n *notifier) acquire(id fileID, path string) {
	w := n.byID[id]
	if w == nil {
		w = new(watched)
		n.byID[id] = w
	}
	w.users++
	if w.path == "" || w.path != path && idOfPath(w.path) != id { // it was renamed
		n.unwatch(w)
		n.watch(w, id, path)
	}
}

// release takes back one call to acquire.
func (n *notifier) release(id fileID) {
	w := n.byID[id]
	if w == nil {
		return
	}
	if w.users--; w.users > 0 {
		return
	}
	n.unwatch(w)
	delete(n.byID, id)
}

func (n *notifier) watch(w *watched, id fileID, path string) {
	if n.system == nil {
		return
	}
	remote, known := n.remote[id.dev]
	if !known {
		remote = !hasEvents(path)
		n.remote[id.dev] = remote
	}
	if remote {
		return
	}
	if other, taken := n.byPath[path]; taken && other != id {
		// A symbolic link led from here to the other folder, which has another name
		// still. The system knows one folder by a name.
		n.unwatch(n.byID[other])
	}
	if err := n.system.Add(path); err != nil {
		n.short = n.short || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.ENOMEM)
		return
	}
	w.path = path
	n.byPath[path] = id
}

func (n *notifier) unwatch(w *watched) {
	if w.path == "" {
		return
	}
	_ = n.system.Remove(w.path) // fails if the folder is gone
	delete(n.byPath, w.path)
	w.path = ""
}

// renew asks again for the events of a folder whose watch was lost. It reports
// whether there was none, and there is one now.
func (n *notifier) renew(id fileID, path string) bool {
	w := n.byID[id]
	if w == nil || w.path != "" {
		return false
	}
	n.watch(w, id, path)
	return w.path != ""
}

// isPolled reports whether there are no events in a folder.
func (n *notifier) isPolled(id fileID) bool {
	w := n.byID[id]
	return w == nil || w.path == ""
}

// polls reports whether there are folders without events.
func (n *notifier) polls() bool { return len(n.byPath) < len(n.byID) }

// lost forgets the watch on a folder that was removed or renamed.
func (n *notifier) lost(id fileID) {
	if w := n.byID[id]; w != nil {
		n.unwatch(w)
	}
}

func idOfPath(path string) fileID {
	info, err := os.Stat(path)
	if err != nil {
		return fileID{}
	}
	return idOf(info)
}

// A mailbox collects events until the Watcher looks, and never makes the system
// wait for it.
type mailbox struct {
	mu     sync.Mutex             // guards events and all
	events map[string]fsnotify.Op // by path
	all    bool                   // events are missing
	more   chan struct{}          // of capacity 1; full if there may be events
}

// maxEvents is how many paths a mailbox collects. With more, all of them count.
const maxEvents = 4096

// fill collects events until the system is closed.
func (m *mailbox) fill(system *fsnotify.Watcher) {
	events, errs := system.Events, system.Errors
	for events != nil || errs != nil {
		select {
		case e, ok := <-events:
			if !ok {
				events = nil
			} else if e.Name != "" {
				m.add(e)
			}
		case _, ok := <-errs: // the queue of the system is full
			if !ok {
				errs = nil
			} else {
				m.addAll()
			}
		}
	}
}

func (m *mailbox) add(e fsnotify.Event) {
	m.mu.Lock()
	if m.events == nil {
		m.events = make(map[string]fsnotify.Op)
	}
	m.events[e.Name] |= e.Op
	if len(m.events) > maxEvents {
		m.events, m.all = nil, true
	}
	m.mu.Unlock()
	m.signal()
}

func (m *mailbox) addAll() {
	m.mu.Lock()
	m.all = true
	m.mu.Unlock()
	m.signal()
}

func (m *mailbox) signal() {
	select {
	case m.more <- struct{}{}:
	default:
	}
}

// take returns what was collected.
func (m *mailbox) take() (events map[string]fsnotify.Op, all bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	events, all = m.events, m.all
	m.events, m.all = nil, false
	return events, all
}
