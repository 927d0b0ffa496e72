package http1

import (
	"testing"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	with = http1test.Post
	get  = http1test.Get
)

func TestRefused(t *testing.T) {
	for subject, cases := range http1test.Refusals {
		t.Run(subject, func(t *testing.T) {
			for _, c := range cases {
				var r Request
				n, err := requireSplitsAgree(t, &r, []byte(c.In), nil)
				shown := c.In[:min(len(c.In), 200)]
				if assert.NotNil(t, err, "%q: %s", shown, c.Why) {
					assert.Equal(t, c.Status, err.Status, "%q: %s; got %q", shown, c.Why, err.Reason)
					assert.Zero(t, n)
				}
			}
		})
	}
}

// TestRefusedEarly: a head with a bad first line is refused as soon as that
// line has arrived.
func TestRefusedEarly(t *testing.T) {
	for _, in := range []string{
		"\x16", "GET /\x80", "GET / HTTP/2.0\r\n", "TRACE / HTTP/1.1\r\n", "GET / HTTP/1.1\n",
		"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n", "GET / HTTP/1.1\r\nX\x00",
	} {
		var r Request
		_, err := r.Parse([]byte(in), nil)
		assert.NotNil(t, err, "%q", in)
	}
}

func TestRefusedIsShownInLogs(t *testing.T) {
	var r Request
	_, err := r.Parse([]byte("GET /a#b HTTP/1.1\r\n"), nil)
	require.NotNil(t, err)
	assert.Equal(t, "GET", string(r.Method))
	assert.Equal(t, "/a#b", string(r.Target))
	assert.Equal(t, err.Reason, err.Error())
	assert.Equal(t, 502, err.Gateway().Status)
	assert.Same(t, err.Gateway(), err.Gateway().Gateway())
}
