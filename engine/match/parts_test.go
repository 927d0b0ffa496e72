package match

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAddressWord(t *testing.T) {
	clients := ClientIP(netip.MustParsePrefix("10.0.0.0/8"))
	byAddress := Percent(NewShare(5, Key{By: KeyClientIP}, ""))
	byCookie := Percent(NewShare(5, Key{By: KeyCookie, Name: "a"}, ""))
	assert.Equal(t, "client_ip", AddressWord(clients))
	assert.Equal(t, "percent", AddressWord(byAddress))
	assert.Equal(t, "client_ip", AddressWord(All(Method("GET"), Any(Path("/a"), Not(clients)))))
	assert.Empty(t, AddressWord(All(Path("/a"), byCookie)))
	assert.Empty(t, AddressWord(Default()))
}
