package match

import "fmt"

// Websocket matches websocket handshakes.
func Websocket() Matcher { return &websocket{base{"websocket()"}} }

type websocket struct{ base }

func (m *websocket) Match(r Request) bool { return r.Websocket() }

func (m *websocket) WhyNot(Request) string {
	return fmt.Sprintf("%s: the request is not a websocket", m.text)
}

// handshakeMethod is the method of every handshake (RFC 6455 section 4.1).
const handshakeMethod = "GET"

func (m *websocket) traits() []trait { return []trait{{by: byMethod, value: handshakeMethod}} }
