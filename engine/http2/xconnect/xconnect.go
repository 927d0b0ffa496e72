// Package xconnect has net/http offer extended CONNECT (RFC 8441), which carries
// websockets over HTTP/2.
//
// The server of net/http can do that, and asks the environment whether it should:
// GODEBUG must hold http2xconnect=1 when net/http is initialized. Go does not know the
// setting in a go:debug line. So this package, which must not import net/http, sets
// the variable for that moment. The language guarantees the order: of the packages
// whose imports are initialized, the first one by import path is next, and
// "github.com/…" comes before "net/http".
package xconnect

import "os"

const (
	name    = "GODEBUG"
	setting = "http2xconnect=1"
)

var before, was = os.LookupEnv(name)

func init() {
	value := setting
	if before != "" {
		value = before + "," + setting
	}
	_ = os.Setenv(name, value) // it fails only for a name that is none
}

// Restore gives the environment back as it was. A package that imports net/http
// calls it in its own initialization.
func Restore() {
	if was {
		_ = os.Setenv(name, before)
		return
	}
	_ = os.Unsetenv(name)
}
