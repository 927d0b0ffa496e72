package plan

import "strconv"

// Disconnect says what becomes of a request whose client has gone while a
// worker works on it.
type Disconnect string

// The ways to treat it.
const (
	DisconnectAuto   Disconnect = ""       // finish where there is a cap, else cancel
	DisconnectCancel Disconnect = "cancel" // the app gets a disconnect; the slot is free at once
	DisconnectFinish Disconnect = "finish" // the slot is held until the answer has come
)

// String writes the value as the configuration does.
func (d Disconnect) String() string {
	if d == DisconnectAuto {
		return "None"
	}
	return strconv.Quote(string(d))
}

// FinishesAbandoned reports whether a request whose client has gone holds its
// slot until the worker has answered. Only that keeps a cap exact: nothing
// tells when an app is done that was told of the disconnect.
func (p *Group) FinishesAbandoned() bool {
	if p.ClientDisconnect == DisconnectAuto {
		return p.MaxReqPerWorker > 0
	}
	return p.ClientDisconnect == DisconnectFinish
}
