package match

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLiteralGlob(t *testing.T) {
	for m, want := range map[Matcher][3]string{
		Prefix("/x/*"):               {"prefix", "/x/*", `prefix("/x")`},
		Prefix("/x/**"):              {"prefix", "/x/**", `prefix("/x")`},
		Prefix("/*"):                 {"prefix", "/*", `prefix("/")`},
		Prefix("/a", "/x/*/y"):       {"prefix", "/x/*/y", `glob("/x/*/y/*")`},
		Prefix("/x*"):                {"prefix", "/x*", `glob("/x*/*")`},
		Prefix("/items/{id}"):        {"prefix", "/items/{id}", `prefix("/items")`},
		Path("/x/*"):                 {"path", "/x/*", `glob("/x/*")`},
		Path("/items/{item_id}/raw"): {"path", "/items/{item_id}/raw", `glob("/items/*/raw")`},
		All(Method("GET"), Not(Any(Path("/*.a")))): {"path", "/*.a", `glob("/*.a")`},
		Path("/x", "/{1}"):                         {},
		Default():                                  {},
	} {
		word, text, advice := LiteralGlob(m)
		assert.Equal(t, want, [3]string{word, text, advice}, m)
	}
	g, err := Glob("/x/*")
	require.NoError(t, err)
	word, _, _ := LiteralGlob(g)
	assert.Empty(t, word)
}

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
