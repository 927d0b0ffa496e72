package affinity

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// handshakes are answers of servers, with the id ABC.
var handshakes = map[string]string{
	"protocol 4":              `0{"sid":"ABC","upgrades":["websocket"],"pingTimeout":20000,"pingInterval":25000}`,
	"protocol 4 and another":  `0{"sid":"ABC","upgrades":[]}` + "\x1e40",
	"with spaces":             `0{"sid" : "ABC", "upgrades": []}`,
	"in another order":        `0{"upgrades":[],"sid":"ABC"}`,
	"protocol 3":              `97:0{"sid":"ABC","upgrades":["websocket"],"pingInterval":25000}2:40`,
	"protocol 3 of Python":    "\x00\x09\x07\xff" + `0{"sid":"ABC","upgrades":["websocket"]}`,
	"a long one":              `0{"x":"` + strings.Repeat("y", 400) + `","sid":"ABC"}`,
	"protocol 3 of one digit": `9:0{"sid":"ABC"}`,
}

// TestEngineIO: the id is found, however the answer is split: no part before the
// last one says that nothing more can come.
func TestEngineIO(t *testing.T) {
	for name, body := range handshakes {
		id, _ := EngineIO([]byte(body))
		assert.Equal(t, "ABC", string(id), name)
		found := strings.Index(body, `ABC"`) + len(`ABC"`)
		for n := range found {
			id, more := EngineIO([]byte(body[:n]))
			assert.Nil(t, id, "%s after %d bytes", name, n)
			assert.True(t, more, "%s after %d bytes", name, n)
		}
		id, _ = EngineIO([]byte(body[:found]))
		assert.Equal(t, "ABC", string(id), name)
	}
}

func TestEngineIOThatIsNone(t *testing.T) {
	for name, body := range map[string]string{
		"a page":               "<html>",
		"JSON":                 `{"sid":"ABC"}`,
		"a message":            `4{"sid":"ABC"}`,
		"a number":             `0{"sid":12}`,
		"empty":                `0{"sid":""}`,
		"escaped":              `0{"sid":"A\u0042C"}`,
		"compressed":           "\x1f\x8b\x08\x00",
		"a length that is not": `97-0{"sid":"ABC"}`,
		"a long length":        `97979:0{"sid":"ABC"}`,
		"no length":            `:0{"sid":"ABC"}`,
		"no binary length":     "\x00\xff" + `0{"sid":"ABC"}`,
		"late":                 `0{"x":"` + strings.Repeat("y", MaxHandshake) + `"`,
		"without an end":       `0{"sid":"` + strings.Repeat("y", MaxHandshake),
	} {
		id, more := EngineIO([]byte(body))
		assert.Nil(t, id, name)
		assert.False(t, more, name)
	}
}

func FuzzEngineIO(f *testing.F) {
	for _, body := range handshakes {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		id, more := EngineIO(b)
		if id != nil {
			assert.False(t, more)
			assert.NotEmpty(t, id)
			assert.NotContains(t, string(id), `"`)
			assert.Contains(t, string(b), `"`+string(id)+`"`)
		}
		// Nothing that comes can change an answer that is final.
		if !more && id == nil {
			again, _ := EngineIO(append(b[:len(b):len(b)], `"sid":"x"}`...))
			if len(b) < MaxHandshake {
				assert.Nil(t, again)
			}
		}
	})
}
