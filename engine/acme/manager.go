package acme

import (
	"context"
	"crypto/tls"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/certs"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// Options configure a Manager. All are required.
type Options struct {
	Log *slog.Logger
	// Events gets an event when a certificate was issued, or was not.
	Events interface {
		Emit(e api.Event, stderr ...string)
	}
	// UserAgent is how the master introduces itself to issuers.
	UserAgent string
}

// atOnce is how many certificates a master requests at a time.
const atOnce = 4

// A Manager keeps the certificates of the names of a configuration. Its methods are
// safe to call from any goroutine.
type Manager struct {
	opts  Options
	board *board
	slots chan struct{}
	wake  chan struct{} // holds at most one signal that wanted has changed

	mu     sync.Mutex // guards the fields below
	names  map[plan.ACME]*name
	wanted map[plan.ACME]bool
	kinds  []plan.Challenge // that the listeners can answer, the preferred one first
}

var _ certs.Issuer = (*Manager)(nil)

// New returns a manager of nothing. It starts nothing.
func New(opts Options) *Manager {
	return &Manager{opts: opts, board: newBoard(), slots: make(chan struct{}, atOnce), wake: make(chan struct{}, 1),
		names: make(map[plan.ACME]*name), wanted: make(map[plan.ACME]bool)}
}

// Source returns the source of the certificate of a name, with the certificate that
// is in the storage. It makes the folders of the storage and speaks with nobody. The
// error is a *certs.Error.
func (m *Manager) Source(a plan.ACME) (certs.Source, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := m.names[a]; n != nil {
		return n, nil
	}
	root, err := Root(a)
	if err != nil {
		return nil, err
	}
	n := newName(m, a, storageOf(root, a.Directory))
	if err := n.store.prepare(); err != nil && (mayNotWrite(err) || !isFull(err)) {
		return nil, storageError(err)
	}
	n.adopt()
	nt := n.readNote()
	n.stale = nt.Error != "" && nt.Settings != "" && nt.Settings != settingsOf(a)
	n.asked = n.stale
	n.publish(&nt)
	m.names[a] = n
	return n, nil
}

// Manage implements certs.Issuer. The names that the manager keeps already are tried
// again if they have failed and were managed before: this is a reload.
func (m *Manager) Manage(names []plan.ACME, challenges []plan.Challenge) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kinds = challenges
	before := m.wanted
	m.wanted = make(map[plan.ACME]bool)
	for _, a := range names {
		m.wanted[a] = true
		if n := m.names[a]; n != nil && before[a] {
			select {
			case n.again <- struct{}{}:
			default:
			}
		}
	}
	maps.DeleteFunc(m.names, func(a plan.ACME, _ *name) bool { return !m.wanted[a] })
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// HTTPAnswer returns the answer to the challenge with a token that is part of a path
// (RFC 8555, section 8.3), or nil if there is no such challenge. It allocates nothing.
func (m *Manager) HTTPAnswer(token []byte) []byte { return m.board.httpAnswer(token) }

// Challenge returns the certificate for the challenge of a name (RFC 8737), or nil if
// there is none.
func (m *Manager) Challenge(serverName string) *tls.Certificate {
	return m.board.certificate(serverName)
}

// kind returns the challenge of an attempt. Those that are possible take turns.
func (m *Manager) kind(a plan.ACME, failures int) plan.Challenge {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case a.Challenge != plan.ChallengeAny:
		return a.Challenge
	case len(m.kinds) == 0:
		return plan.ChallengeTLS
	}
	return m.kinds[failures%len(m.kinds)]
}

// begin waits until a certificate may be requested. The caller must call end if it
// returns true.
func (m *Manager) begin(ctx context.Context) bool {
	select {
	case m.slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (m *Manager) end() { <-m.slots }

// Run keeps the names until ctx ends. It may be called only once.
func (m *Manager) Run(ctx context.Context) error {
	var all sync.WaitGroup
	defer all.Wait()
	running := make(map[*name]context.CancelFunc)
	defer func() {
		for _, stop := range running {
			stop()
		}
	}()
	use := make(map[storage]bool)
	look := time.NewTicker(lookEvery)
	look.Stop()
	defer look.Stop()
	for {
		select {
		case <-m.wake:
			now := m.kept()
			for n, stop := range running {
				if !slices.Contains(now, n) {
					stop()
					delete(running, n)
				}
			}
			clear(use)
			for _, n := range now {
				if !use[n.store] {
					use[n.store] = true
					n.store.sweep()
				}
				if running[n] == nil {
					of, stop := context.WithCancel(ctx)
					running[n] = stop
					all.Go(func() { n.run(of) })
				}
			}
			m.board.look(use)
			if look.Stop(); len(use) > 0 {
				look.Reset(lookEvery)
			}
		case <-look.C:
			m.board.look(use)
		case <-ctx.Done():
			return nil
		}
	}
}

// kept returns the names to keep.
func (m *Manager) kept() []*name {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Values(m.names))
}
