package builtin

import (
	"github.com/ldcorn/ldcorn/engine/match"
)

// websocketWords are the words for matchers of websockets.
func websocketWords() []matcherWord {
	return []matcherWord{
		{Word{Name: "websocket", Doc: "Matches handshakes of websockets."},
			func(*call, map[string]*given) match.Matcher { return match.Websocket() }},
	}
}
