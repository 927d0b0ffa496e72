package watch

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// How soon a change is noticed.
const (
	calm      = 60 * time.Millisecond  // without an event, before the changes are collected
	impatient = 200 * time.Millisecond // after the first event, whatever else happens
	pollEvery = 150 * time.Millisecond // between two looks at folders without events
	pollShare = 10                     // a look takes at most one part in so many of the time
	checkAll  = 2 * time.Second        // between two looks at the named files, in case events are lost
)

// DefaultMaxFolders is the default of Options.MaxFolders.
const DefaultMaxFolders = 4096

// Options configure a Watcher. Log and Changed are required.
type Options struct {
	Log *slog.Logger
	// Changed is called with the files that were written, created or removed:
	// absolute paths, sorted, each once. It runs on the goroutine of Run and must
	// not block.
	Changed func(paths []string)
	// Adopted, if not nil, is called after each Set that was given to Watch, once
	// its changes are noticed. It runs on the goroutine of Run and must not block.
	Adopted func(Summary)
	// Poll looks at the files again and again, instead of asking the system.
	Poll bool
	// MaxFolders limits the folders of all trees. 0 means DefaultMaxFolders.
	MaxFolders int
}

// A Set is what to watch. Its paths are absolute, and need not exist.
type Set struct {
	Files []string
	Trees []string // folders whose sources are watched, with those below; the first come first if there are too many
}

// A Summary says what is watched.
type Summary struct {
	Set     Set
	Folders int  // of all trees
	Polled  bool // some of them have no events
}

// A Watcher notices changes of files. Run must run for that.
type Watcher struct {
	opts Options

	mu    sync.Mutex    // guards next and from
	next  *Set          // nil if there is no new one
	from  time.Time     // see Watch
	wants chan struct{} // of capacity 1; full if there may be a next set

	// Owned by Run.
	notify  *notifier
	files   map[string]*file
	trees   map[string]*tree
	at      map[fileID]map[*folder]struct{}
	names   map[nameIn]*interest // names in folders that decide where a path leads
	folders int                  // number of folders of all trees
	links   int                  // number of symbolic links in them
	since   time.Time
	found   map[string]struct{} // files that have changed

	dirty      map[fileID]struct{} // folders to read again
	everything bool                // read all again
	paths      bool                // look at the named paths again
	told       map[string]bool     // warnings that were logged
}

// A file is a named file.
type file struct {
	anchor
	was stamp
}

// New returns a watcher of nothing. It starts nothing.
func New(opts Options) *Watcher {
	if opts.MaxFolders == 0 {
		opts.MaxFolders = DefaultMaxFolders
	}
	return &Watcher{opts: opts, wants: make(chan struct{}, 1),
		files: make(map[string]*file), trees: make(map[string]*tree), at: make(map[fileID]map[*folder]struct{}),
		names: make(map[nameIn]*interest), found: make(map[string]struct{}), dirty: make(map[fileID]struct{}), told: make(map[string]bool)}
}

// Watch replaces what is watched. What was not watched before counts as changed
// if it was written at since, a time from Now, or later. Watch is safe to call
// from any goroutine and does not wait.
func (w *Watcher) Watch(set Set, since time.Time) {
	w.mu.Lock()
	if w.next == nil || since.Before(w.from) {
		w.from = since
	}
	w.next = &set
	w.mu.Unlock()
	select {
	case w.wants <- struct{}{}:
	default:
	}
}

// Run watches until ctx is canceled, and returns nil. It may be called only once.
func (w *Watcher) Run(ctx context.Context) error {
	var err error
	if w.notify, err = newNotifier(w.opts.Poll); err != nil {
		w.opts.Log.Warn("no events for changed files", "err", err, "reason", "ldcorn looks at the files themselves, which costs more",
			"hint", "sudo sysctl fs.inotify.max_user_instances=1024")
	}
	defer w.notify.close()
	settle, poll, check := time.NewTimer(0), time.NewTimer(pollEvery), time.NewTicker(checkAll)
	<-settle.C
	defer settle.Stop()
	defer poll.Stop()
	defer check.Stop()
	var begun time.Time // of the events that are not looked at yet; zero if there are none
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.wants:
			w.adopt()
		case <-w.notify.mail.more:
			if !w.note(w.notify.mail.take()) {
				continue
			}
			if begun.IsZero() {
				begun = time.Now()
			}
			settle.Reset(min(calm, max(0, impatient-time.Since(begun))))
		case <-settle.C:
			begun = time.Time{}
			w.look()
			w.tell()
		case <-poll.C:
			took := w.poll()
			poll.Reset(max(pollEvery, pollShare*took))
			if len(w.found) > 0 && begun.IsZero() { // there may be more in a moment
				begun = time.Now()
				settle.Reset(calm)
			}
		case <-check.C:
			w.paths = true
			w.look()
			w.tell()
		}
	}
}

// adopt makes the next set the one that is watched.
func (w *Watcher) adopt() {
	w.mu.Lock()
	set := w.next
	w.next, w.since = nil, w.from
	w.mu.Unlock()
	if set == nil {
		return
	}
	for path, f := range w.files {
		if !slices.Contains(set.Files, path) {
			w.unsettle(f.hops, nil)
			delete(w.files, path)
		}
	}
	for path, t := range w.trees {
		if !slices.Contains(set.Trees, path) {
			w.unsettle(t.hops, nil)
			if t.root != nil {
				w.drop(t.root, quiet)
			}
			delete(w.trees, path)
		}
	}
	for _, path := range set.Files {
		if w.files[path] == nil {
			f := &file{anchor: anchor{path: path}}
			w.settle(&f.anchor, nil)
			if f.was = stampAt(path); f.was.isSince(w.since) {
				w.changed(path)
			}
			w.files[path] = f
		}
	}
	for _, path := range set.Trees {
		if w.trees[path] == nil {
			t := &tree{anchor: anchor{path: path}}
			w.settle(&t.anchor, nil)
			w.trees[path] = t
			w.read(w.findRoot(t, first)...) // before the next, which may be large
		}
	}
	w.warn()
	w.tell()
	if w.opts.Adopted != nil {
		w.opts.Adopted(Summary{Set: *set, Folders: w.folders, Polled: w.pollsTrees()})
	}
}

// pollsTrees reports whether a folder of a tree has no events.
func (w *Watcher) pollsTrees() bool {
	for id := range w.at {
		if w.notify.isPolled(id) {
			return true
		}
	}
	return false
}

// changed notes a changed file.
func (w *Watcher) changed(path string) { w.found[path] = struct{}{} }

// tell reports the changes.
func (w *Watcher) tell() {
	if len(w.found) == 0 {
		return
	}
	paths := make([]string, 0, len(w.found))
	for path := range w.found {
		paths = append(paths, path)
	}
	clear(w.found)
	slices.Sort(paths)
	w.opts.Changed(paths)
}
