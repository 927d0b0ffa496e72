package certs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
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
	// Events gets an event when a certificate was read again, or cannot be.
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

	mu     sync.Mutex // guards the fields below; held while files are read
	stores map[string]*Store
	wanted map[string][]plan.TLS // by listener
	held   map[plan.TLS]*held
	clash  map[string]bool // the conflicts that are known, see conflicts
}

// A held is one tls(...) with what was read for it.
type held struct {
	tls     plan.TLS
	source  Source
	ca      *CA       // nil = none
	broken  error     // why the files cannot be used now; nil if they can
	told    bool      // broken was logged
	broke   time.Time // when broken was noticed first
	changed time.Time // when source and ca were read

	lost   []string                          // names that the certificate before had
	warned map[api.CertificateProblem]string // what the log has said
}

// NewKeeper returns a keeper of nothing. It starts nothing.
func NewKeeper(opts Options) *Keeper {
	k := &Keeper{opts: opts, changed: make(chan []string), stores: make(map[string]*Store),
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

// A Next holds the certificates that a master has after a reload.
type Next struct {
	keeper *Keeper
	since  time.Time
	wanted map[string][]plan.TLS
	held   map[plan.TLS]*held
}

// Prepare reads the certificates of all listeners, by the names of their stores. One
// without TLS has none. The store of a listener that is not among them stays as it is,
// for the clients that still come. A pair that is in use and cannot be read again stays
// as it is, too, as does one that is valid while the one in its files is not: nothing that
// works stops working because of a wrong renewal. For any other pair that cannot be read,
// Prepare fails with an error that wraps an *Error.
func (k *Keeper) Prepare(wanted map[string][]plan.TLS) (*Next, error) {
	n := &Next{keeper: k, since: watch.Now(), wanted: wanted, held: make(map[plan.TLS]*held)}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, listener := range slices.Sorted(maps.Keys(wanted)) {
		for _, t := range wanted[listener] {
			if n.held[t] != nil {
				continue
			}
			h, err := k.load(t)
			before := k.held[t]
			if err == nil && before != nil {
				err = spoils(before, h, time.Now())
			}
			if err != nil && before != nil {
				h = before.with(err)
				h.told = false // the person who reloads gets to know
			} else if err != nil {
				return nil, fmt.Errorf("listener %q: tls: %w", listener, err)
			}
			n.held[t] = h
		}
	}
	for listener := range wanted {
		if _, known := k.wanted[listener]; !known { // a new socket can get clients before the end of a reload
			k.fill(listener, wanted[listener], n.held)
		}
	}
	return n, nil
}

// load reads what one tls(...) names.
func (k *Keeper) load(t plan.TLS) (*held, error) {
	source, err := k.source(t)
	if err != nil {
		return nil, err
	}
	h := &held{tls: t, source: source, changed: time.Now()}
	if t.ClientAuth != plan.ClientAuthNone {
		h.ca, err = LoadCA(t)
	}
	return h, err
}

func (k *Keeper) source(t plan.TLS) (Source, error) {
	switch {
	case t.ACME.Name == "":
		return LoadPair(t)
	case k.opts.Issuer == nil:
		return nil, &Error{"name", errors.New("there is no issuer"), ""}
	}
	return k.opts.Issuer.Source(t.ACME)
}

// with returns a copy that cannot be read at present.
func (h *held) with(err error) *held {
	next := *h
	if next.broken == nil || next.broken.Error() != err.Error() {
		next.told = false
	}
	if next.broken == nil {
		next.broke = time.Now()
	}
	next.broken = err
	return &next
}

// Take puts it into effect, for handshakes that begin from now on.
func (n *Next) Take() {
	k := n.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	said := make(map[string]bool)
	for t, h := range n.held {
		if before := k.held[t]; before != nil {
			h = k.settle(before, h, said)
		}
		k.tell(h, 0, said)
		k.warn(h, said, true)
		n.held[t] = h
	}
	k.wanted, k.held = n.wanted, n.held
	var files []string
	for t := range k.held {
		files = append(files, t.Paths()...)
	}
	slices.Sort(files)
	k.watcher.Watch(watch.Set{Files: slices.Compact(files)}, n.since)
	for listener, all := range k.wanted {
		k.fill(listener, all, k.held)
	}
	k.conflicts(true)
	if k.opts.Issuer != nil {
		k.opts.Issuer.Manage(k.issued(), challengesOf(k.wanted))
	}
}

// issued returns the names that the issuer keeps. The caller holds mu.
func (k *Keeper) issued() (names []plan.ACME) {
	for t := range k.held {
		if t.ACME.Name != "" && !slices.Contains(names, t.ACME) {
			names = append(names, t.ACME)
		}
	}
	return names
}

// challengesOf returns the challenges that listeners can answer, by the keys of their
// addresses. Issuers come to the ports 80 and 443, which others can lead to another one.
func challengesOf(listeners map[string][]plan.TLS) (out []plan.Challenge) {
	plain, first := false, plan.ChallengeHTTP
	for listener, all := range listeners {
		plain = plain || len(all) == 0
		if len(all) > 0 && strings.HasSuffix(listener, ":443") {
			first = plan.ChallengeTLS
		}
	}
	if !plain {
		return []plan.Challenge{plan.ChallengeTLS}
	}
	for listener, all := range listeners {
		if len(all) == 0 && strings.HasSuffix(listener, ":80") {
			first = plan.ChallengeHTTP
		}
	}
	if first == plan.ChallengeTLS {
		return []plan.Challenge{plan.ChallengeTLS, plan.ChallengeHTTP}
	}
	return []plan.Challenge{plan.ChallengeHTTP, plan.ChallengeTLS}
}

// settle returns which of two contents to keep: the one before if the next one is
// the same. said has what was logged about pairs, which several tls(...) can name.
func (k *Keeper) settle(before, next *held, said map[string]bool) *held {
	if next.broken != nil {
		return next
	}
	next.lost, next.warned = before.lost, before.warned
	sameCert, sameCA := fingerprintOf(before.source) == fingerprintOf(next.source), before.digest() == next.digest()
	newChain := sameCert && !sameChain(before.source, next.source)
	if sameCert && sameCA && !newChain {
		next.changed = before.changed
		return next
	}
	if !sameCert {
		next.lost = lostNames(before.source, next.source)
	}
	what := "certificate of " + from(next.tls) + fingerprintOf(next.source)
	switch {
	case newChain:
		what = "chain of " + from(next.tls)
	case sameCert:
		what = "authorities of " + next.tls.ClientCA.String() + next.digest()
	}
	if said[what] {
		return next
	}
	said[what] = true
	reason := "read again: for " + strings.Join(next.source.Names(), ", ")
	switch {
	case newChain:
		k.opts.Log.Info("chain of a certificate read again", next.attrs()...)
		reason = "read again: the chain, for " + strings.Join(next.source.Names(), ", ")
	case sameCert:
		k.opts.Log.Info("authorities of clients read again", append(next.attrs(), "client_ca", pathOf(next.tls.ClientCA))...)
		reason = "read again: the authorities of clients, for " + strings.Join(next.source.Names(), ", ")
	default:
		k.opts.Log.Info("certificate read again", append(next.attrs(), "expires", expiryOf(next.source), "before", expiryOf(before.source))...)
	}
	k.opts.Events.Emit(api.Event{Kind: api.EventCertificate, Reason: reason})
	return next
}

// fingerprintOf returns the fingerprint of the certificate of a source, or "".
func fingerprintOf(s Source) string {
	if leaf := s.Leaf(); leaf != nil {
		return Fingerprint(leaf)
	}
	return ""
}

// expiryOf returns when the certificate of a source expires; the zero time if there is
// none.
func expiryOf(s Source) time.Time {
	if leaf := s.Leaf(); leaf != nil {
		return leaf.NotAfter
	}
	return time.Time{}
}

func (h *held) digest() string {
	if h.ca == nil {
		return ""
	}
	return h.ca.digest
}

// tell reports that a pair is broken, once, if it has been for some time.
func (k *Keeper) tell(h *held, since time.Duration, said map[string]bool) {
	if h.broken == nil || h.told || time.Since(h.broke) < since {
		return
	}
	h.told = true
	what := "broken " + h.broken.Error()
	if said[what] {
		return
	}
	said[what] = true
	attrs := append(h.attrs(), "err", h.broken, "expires", expiryOf(h.source))
	if e := (*Error)(nil); errors.As(h.broken, &e) && e.Hint != "" {
		attrs = append(attrs, "hint", e.Hint)
	}
	k.opts.Log.Error("certificate cannot be read again: the one in use stays", attrs...)
	k.opts.Events.Emit(api.Event{Kind: api.EventCertFailed, Reason: h.broken.Error()})
}

// Kept returns why pairs that are in use could not be read again, each once.
func (n *Next) Kept() (why []*Error) {
	for _, h := range n.held {
		e := (*Error)(nil)
		if errors.As(h.broken, &e) && !slices.ContainsFunc(why, func(o *Error) bool { return o.Error() == e.Error() }) {
			why = append(why, e)
		}
	}
	slices.SortFunc(why, func(a, b *Error) int { return strings.Compare(a.Error(), b.Error()) })
	return why
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
	look := time.NewTicker(lookEvery)
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

// names reports whether one of the paths is a file of t.
func names(t plan.TLS, paths []string) bool {
	return slices.ContainsFunc(t.Paths(), func(p string) bool { return slices.Contains(paths, p) })
}

// readAgain reads the files of some pairs. It reports whether one of them is broken
// and that was not reported yet.
func (k *Keeper) readAgain(which func(*held) bool) (again bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	fresh, said := make(map[plan.TLS]bool), make(map[string]bool)
	for t, h := range k.held {
		if !which(h) {
			k.warn(h, said, false)
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
		k.warn(next, said, false)
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
