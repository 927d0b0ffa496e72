package builtin

import (
	"github.com/ldcorn/ldcorn/engine/match"
)

// websocketWords returns the words for matchers of websockets.
func websocketWords() []matcherWord {
	return []matcherWord{
		{Word{Name: "websocket", Doc: "Matches requests that open a websocket."},
			func(*call, map[string]*given) match.Matcher { return match.Websocket() }},
	}
}
