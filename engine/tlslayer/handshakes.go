package tlslayer

import (
	"container/list"
	"context"
	"errors"
	"net/netip"
	"sync"
)

// maxWaiting is how many handshakes wait for their clients at a time. Each holds about
// 50 KB. Clients that do a handshake as they should wait for one another's answers for
// a moment only: with 1,000 handshakes in a second and clients that are a fifth of a
// second away, 200 wait.
const maxWaiting = 2048

// ErrCrowded is the error of a handshake that was waiting for its client when too many
// were, and whose network had the most.
var ErrCrowded = errors.New("too many TLS handshakes are waiting for their clients")

// Handshakes limits how many handshakes compute at a time, and how many wait for their
// clients. Networks, which are an address of IPv4 or a /64 of IPv6, get equal shares
// of both, so that no client takes what others need. Networks take turns in computing.
// When too many handshakes wait for clients, the network that has the most loses the
// oldest one. A handshake that waits for its client does not compute, so that slow
// clients hold up nobody.
type Handshakes struct {
	running sync.WaitGroup
	busy    func() (done func())

	mu     sync.Mutex // guards all below, and what networks and handshakes have here
	free   int        // handshakes that may begin to compute
	most   int        // handshakes that may wait for their clients
	counts crowds
	turns  list.List // of *network: those with handshakes that are to compute
	all    map[netip.Prefix]*network
}

// A network is what Handshakes knows about the handshakes of one network.
type network struct {
	name  netip.Prefix
	ready list.List     // of chan struct{}: handshakes that are to compute, the oldest first
	turn  *list.Element // in turns; nil = ready is empty
	waits list.List     // of *handshake: those that wait for their client, the oldest first
	place *list.Element // in crowds; nil = waits is empty
}

// NewHandshakes returns a limit of n that compute, at least 1. busy, if not nil, is
// called when a handshake begins to compute, and what it returns when it pauses or
// ends. Both must be safe to call from any goroutine.
func NewHandshakes(n int, busy func() (done func())) *Handshakes {
	if busy == nil {
		busy = func() func() { return func() {} }
	}
	return &Handshakes{free: max(n, 1), most: maxWaiting, busy: busy, all: make(map[netip.Prefix]*network)}
}

// Wait waits until no handshake runs. It is called once the driver has closed
// all connections, which ends their handshakes.
func (s *Handshakes) Wait() { s.running.Wait() }

// acquire waits until the handshake of a peer may compute. It fails if the context
// ends first. The caller must call done.
func (s *Handshakes) acquire(ctx context.Context, peer netip.Addr) (done func(), ok bool) {
	if ctx.Err() != nil {
		return nil, false
	}
	turn, leave := s.queue(peer)
	select {
	case <-turn:
		return s.busy(), true
	case <-ctx.Done():
		leave()
		return nil, false
	}
}

// queue puts a handshake into the queue of its network. turn is closed when it may
// compute. leave takes it out, or passes its turn on.
func (s *Handshakes) queue(peer netip.Addr) (turn chan struct{}, leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	turn = make(chan struct{})
	if s.free > 0 {
		s.free--
		close(turn)
		return turn, s.next
	}
	n := s.network(peer)
	e := n.ready.PushBack(turn)
	if n.turn == nil {
		n.turn = s.turns.PushBack(n)
	}
	return turn, func() {
		s.mu.Lock()
		select {
		case <-turn:
			s.mu.Unlock()
			s.next()
		default:
			s.take(n, e)
			s.mu.Unlock()
		}
	}
}

// take takes a handshake out of the queue of a network. The caller holds mu.
func (s *Handshakes) take(n *network, e *list.Element) {
	n.ready.Remove(e)
	if n.ready.Len() == 0 {
		s.turns.Remove(n.turn)
		n.turn = nil
		s.forget(n)
	}
}

// next lets another handshake compute: the oldest of the network whose turn it is.
func (s *Handshakes) next() {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.turns.Front()
	if e == nil {
		s.free++
		return
	}
	n := e.Value.(*network)
	s.turns.MoveToBack(e)
	first := n.ready.Front()
	close(first.Value.(chan struct{}))
	s.take(n, first)
}

func (s *Handshakes) release(done func()) {
	done()
	s.next()
}

// wait counts a handshake that waits for its client, and ends the one that has to make
// room for it.
func (s *Handshakes) wait(h *handshake) {
	if victim := s.push(h); victim != nil {
		victim.doom(ErrCrowded)
	}
}

// push counts a handshake, and returns the one that is too many; nil = none is.
func (s *Handshakes) push(h *handshake) (victim *handshake) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(h.wire.peer.Addr())
	h.place = n.waits.PushBack(h)
	if s.counts.change(n); s.counts.total <= s.most {
		return nil
	}
	victim = s.counts.largest().waits.Front().Value.(*handshake)
	s.pop(victim)
	return victim
}

// proceed takes a handshake out of those that wait for their client, if it is there.
func (s *Handshakes) proceed(h *handshake) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pop(h)
}

// pop is proceed for a caller that holds mu.
func (s *Handshakes) pop(h *handshake) {
	if h.place == nil {
		return
	}
	n := s.all[networkOf(h.wire.peer.Addr())]
	n.waits.Remove(h.place)
	h.place = nil
	s.counts.change(n)
	s.forget(n)
}

// network returns what is known about the network of a peer. The caller holds mu.
func (s *Handshakes) network(peer netip.Addr) *network {
	name := networkOf(peer)
	n := s.all[name]
	if n == nil {
		n = &network{name: name}
		s.all[name] = n
	}
	return n
}

// forget drops a network without handshakes. The caller holds mu.
func (s *Handshakes) forget(n *network) {
	if n.ready.Len() == 0 && n.waits.Len() == 0 {
		delete(s.all, n.name)
	}
}

// networkOf returns the network of a peer. Peers without an address, which are those
// at unix sockets, share one.
func networkOf(peer netip.Addr) netip.Prefix {
	peer = peer.Unmap().WithZone("")
	bits := peer.BitLen()
	if peer.Is6() {
		bits = 64 // an address has more than a client does
	}
	p, _ := peer.Prefix(bits) // the zero Prefix if there is no address
	return p
}

// A crowds orders networks by how many of their handshakes wait, each in a list of
// those that have as many, so that no change costs more with more networks.
type crowds struct {
	lists []*list.List // of *network, by the count
	total int
	top   int // no list behind it has a network
}

// change notes that a network has one handshake more or less.
func (c *crowds) change(n *network) {
	count := n.waits.Len()
	switch {
	case n.place == nil:
		c.total++
	default:
		was := n.place.Value.(*ranked)
		c.lists[was.count].Remove(n.place)
		c.total += count - was.count
	}
	n.place = nil
	if count == 0 {
		return
	}
	for len(c.lists) <= count {
		c.lists = append(c.lists, list.New())
	}
	n.place = c.lists[count].PushBack(&ranked{n, count})
	c.top = max(c.top, count)
}

// A ranked is a network with the count that it is listed by.
type ranked struct {
	*network
	count int
}

// largest returns the network with the most handshakes. There is one.
func (c *crowds) largest() *network {
	for c.lists[c.top].Len() == 0 {
		c.top--
	}
	return c.lists[c.top].Front().Value.(*ranked).network
}
