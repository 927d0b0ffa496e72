package certs

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/watch"
)

var errNoTLS = errors.New("the listener no longer has TLS")

// Options configure a Keeper. All but Issuer are required.
type Options struct {
	Log *slog.Logger
	// Events gets an event when a certificate was read again or cannot be, and when
	// a problem with one begins or ends.
	Events interface {
		Emit(e api.Event, stderr ...string)
	}
	// Issuer has the certificates of TLS with ACME; nil if there are none.
	Issuer Issuer
	// Protocols are those of ALPN that listeners speak, the preferred one first.
	Protocols []string
}

// patience is how long a pair may be broken before that is reported. Tools replace
// the certificate and the key one after the other.
const patience = 3 * time.Second

// lookEvery is how often the times of certificates are looked at.
const lookEvery = time.Minute

// A Keeper has the certificates of a master. Its methods are safe to call from any
// goroutine.
type Keeper struct {
	opts    Options
	tickets Tickets
	watcher *watch.Watcher
	changed chan []string // paths
	every   time.Duration // lookEvery

	mu     sync.Mutex // guards the fields below; held while files are read
	stores map[string]*Store
	wanted map[string][]plan.TLS // by listener
	held   map[plan.TLS]*held
	clash  map[string]bool // the conflicts that are known, see conflicts
}

// NewKeeper returns a keeper of nothing. It starts nothing.
func NewKeeper(opts Options) *Keeper {
	k := &Keeper{opts: opts, changed: make(chan []string), every: lookEvery, stores: make(map[string]*Store),
		wanted: make(map[string][]plan.TLS), held: make(map[plan.TLS]*held)}
	k.watcher = watch.New(watch.Options{Log: opts.Log, Changed: func(paths []string) { k.changed <- paths }})
	return k
}

// Store returns the store of a listener, which is named by its address.
func (k *Keeper) Store(listener string) *Store {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.store(listener)
}

func (k *Keeper) store(listener string) *Store {
	if k.stores[listener] == nil {
		k.stores[listener] = newStore(k.opts.Issuer)
	}
	return k.stores[listener]
}

// fill gives a store the sites of its listener. The caller holds mu.
func (k *Keeper) fill(listener string, wanted []plan.TLS, from map[plan.TLS]*held) {
	store := k.store(listener)
	var all []*site
	for _, t := range wanted {
		h := from[t]
		all = append(all, newSite(listener, t, h.source, h.ca, k.opts.Protocols, &k.tickets))
	}
	if len(all) == 0 {
		store.now.Store(nil)
		return
	}
	store.now.Store(newSites(all))
}

// Run reads files again when they change, until ctx is canceled. It may be called
// only once.
func (k *Keeper) Run(ctx context.Context) error {
	done := make(chan struct{})
	watching, stop := context.WithCancel(context.Background())
	go func() {
		defer close(done)
		_ = k.watcher.Run(watching) // returns nil
	}()
	defer func() {
		stop()
		for {
			select {
			case <-k.changed: // the watcher waits
			case <-done:
				return
			}
		}
	}()
	retry := time.NewTimer(patience)
	retry.Stop()
	defer retry.Stop()
	look := time.NewTicker(k.every)
	defer look.Stop()
	for {
		select {
		case paths := <-k.changed:
			if k.readAgain(func(h *held) bool { return h.broken != nil || names(h.tls, paths) }) {
				retry.Reset(patience / 4)
			}
		case <-retry.C:
			if k.readAgain(func(h *held) bool { return h.broken != nil }) {
				retry.Reset(patience / 4)
			}
		case <-look.C: // time makes a certificate valid, or ends it
			k.readAgain(func(h *held) bool { return h.broken != nil })
		case <-ctx.Done():
			return nil
		}
	}
}

// readAgain reads the files of some pairs. It reports whether one of them is broken
// and that was not reported yet.
func (k *Keeper) readAgain(which func(*held) bool) (again bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	fresh, said := make(map[plan.TLS]bool), make(map[string]bool)
	for t, h := range k.held {
		if !which(h) {
			k.warn(h, said)
			continue
		}
		next, err := k.load(t)
		if err == nil {
			err = spoils(h, next, time.Now())
		}
		if err != nil {
			next = h.with(err)
		} else {
			next = k.settle(h, next, said)
			fresh[t] = true
		}
		k.tell(next, patience, said)
		k.warn(next, said)
		k.held[t] = next
		again = again || next.broken != nil && !next.told
	}
	for listener, all := range k.wanted {
		if slices.ContainsFunc(all, func(t plan.TLS) bool { return fresh[t] }) {
			k.fill(listener, all, k.held)
		}
	}
	if len(fresh) > 0 {
		k.conflicts(false)
	}
	return again
}
