package match

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestKeyIsShownAsWritten(t *testing.T) {
	assert.Equal(t, `None`, Key{}.String())
	assert.Equal(t, `by_cookie("Sid")`, Key{By: KeyCookie, Name: "Sid"}.String())
	assert.Equal(t, `by_header("x-user")`, Key{By: KeyHeader, Name: "x-user"}.String())
	assert.Equal(t, `by_client_ip()`, Key{By: KeyClientIP}.String())
}
