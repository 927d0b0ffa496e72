package plan

import "strconv"

// A Disconnect says what happens to a request if the client goes away while a
// worker is processing it.
type Disconnect string

// The ways to handle a disconnect.
const (
	DisconnectAuto   Disconnect = ""       // finish if there is a cap, otherwise cancel
	DisconnectCancel Disconnect = "cancel" // the app gets a disconnect; the slot is freed at once
	DisconnectFinish Disconnect = "finish" // the slot is held until the answer has arrived
)

// String returns the value as the configuration writes it.
func (d Disconnect) String() string {
	if d == DisconnectAuto {
		return "None"
	}
	return strconv.Quote(string(d))
}

// FinishesAbandoned reports whether a request whose client has gone holds its
// slot until the worker has answered. Nothing else keeps a cap exact: after an
// app has been told about a disconnect, nothing tells when it is done.
func (p *Group) FinishesAbandoned() bool {
	if p.ClientDisconnect == DisconnectAuto {
		return p.HasCap()
	}
	return p.ClientDisconnect == DisconnectFinish
}
