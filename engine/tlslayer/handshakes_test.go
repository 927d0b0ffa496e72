package tlslayer

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTurns checks that networks take turns in computing, however many handshakes each
// has, and that nothing is left of handshakes that leave.
func TestTurns(t *testing.T) {
	s := NewHandshakes(1, nil)
	var order []string
	turns := map[string]chan struct{}{}
	leave := map[string]func(){}
	add := func(name, peer string) {
		turns[name], leave[name] = s.queue(netip.MustParseAddr(peer))
	}
	begun := func() (names []string) {
		for name, c := range turns {
			select {
			case <-c:
				names = append(names, name)
				delete(turns, name)
			default:
			}
		}
		return names
	}
	add("first", "2001:db8::1")
	assert.Equal(t, []string{"first"}, begun())
	for i := range 5000 {
		add(fmt.Sprint("many", i), fmt.Sprintf("2001:db8::%x", i+1))
	}
	add("other", "2001:db8:0:1::1")
	add("gone", "192.0.2.1")
	add("another", "::ffff:192.0.2.1")
	leave["gone"]()
	for range 5 {
		s.next()
		order = append(order, begun()...)
	}
	assert.Equal(t, []string{"many0", "other", "another", "many1", "many2"}, order)
	for name := range turns {
		if name != "gone" {
			leave[name]()
		}
	}
	leave["many2"]() // it has its turn, which is free now
	assert.Empty(t, s.all)
	assert.Equal(t, 1, s.free)
}

// TestCrowd checks that a network with thousands of half-done handshakes, whatever it
// has sent of each, leaves room for others, whose handshakes go on.
func TestCrowd(t *testing.T) {
	config, c := configs(t)
	results := make(chan Result, 10_000)
	s := NewHandshakes(2, nil)
	s.most = 20
	opts := Options{Config: func() *tls.Config { return config }, Handshakes: s, Observe: func(r Result) { results <- r }}
	p := hello(t, c)
	slow := newServerOf(t, opts, "192.0.2.1")
	client := tls.Client(&half{s: slow, piece: 1}, c)
	other := newServerOf(t, opts, "192.0.2.2")
	require.NoError(t, other.feed(p, len(p)))
	var crowd []*server
	const many = 1000
	for i := range many {
		x := newServerOf(t, opts, fmt.Sprintf("2001:db8::%x", i+1))
		crowd = append(crowd, x)
		part := p
		if i%10 != 0 {
			part = p[:1+i%100]
		}
		if err := x.feed(part, len(part)); err != nil {
			assert.ErrorIs(t, err, ErrCrowded)
		}
	}
	for _, x := range crowd {
		_ = x.layer.Feed(nil) // as the driver does when it is woken
	}
	for range many - 20 + 1 { // one of the 20 that may wait is the other network's
		r := <-results
		require.ErrorIs(t, r.Err, ErrCrowded)
		require.Equal(t, "crowded", r.Outcome())
		require.True(t, r.Peer.Is6(), "another network has lost one")
	}
	assert.NoError(t, other.layer.Feed(nil))
	require.NoError(t, client.HandshakeContext(context.Background()))
	for _, x := range append(crowd, slow, other) {
		x.layer.Close()
	}
	s.Wait()
	assert.Empty(t, s.all, "nothing is left")
	assert.Zero(t, s.counts.total)
}

// TestNetworks checks which addresses share what there is.
func TestNetworks(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1": "192.0.2.1/32", "::ffff:192.0.2.1": "192.0.2.1/32",
		"2001:db8:1:2:3::4": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		assert.Equal(t, want, networkOf(netip.MustParseAddr(addr)).String())
	}
	assert.Equal(t, netip.Prefix{}, networkOf(netip.Addr{}), "a unix socket")
}
