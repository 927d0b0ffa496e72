package http1

import "github.com/ldcorn/ldcorn/engine/head"

// options are the options in the Connection fields of one head.
type options struct {
	close   bool
	persist bool // "keep-alive"
	upgrade bool
	named   [][]byte // other fields that apply to this connection only
}

// parse adds the value of one field. With protect, it is an error to name a
// field that apps base decisions on: dropping that would show the app a
// different request than the client sent.
func (o *options) parse(value []byte, protect bool) *head.Error {
	for option, rest := head.NextElement(value); len(option) > 0; option, rest = head.NextElement(rest) {
		switch {
		case !head.IsToken(option):
			// This names no field, so nothing depends on it. Some clients put
			// the content of Keep-Alive here: "keep-alive, timeout=5".
		case head.EqualToken(option, "keep-alive"):
			o.persist = true
		case head.EqualToken(option, "close"):
			o.close = true
		case head.EqualToken(option, "upgrade"):
			o.upgrade = true
		case head.KindOfToken(option).OfConnection():
			// is dropped anyway
		case protect && isProtected(option):
			return errConnProtect
		case len(o.named) == maxNominations:
			return errConnMany
		default:
			o.named = append(o.named, option)
		}
	}
	return nil
}

// isProtected reports whether Connection must not name this field.
func isProtected(name []byte) bool {
	return protected.Has(head.KindOfToken(name))
}

var protected = head.Kinds(head.KindHost, head.KindContentLength, head.KindTransferEncoding, head.KindCookie, head.KindAuthorization) |
	head.Forwarding | head.OfClientCert

// drop marks the fields that Connection named.
func (o *options) drop(fields []head.Field) {
	if len(o.named) == 0 {
		return
	}
	for i := range fields {
		for _, name := range o.named {
			if head.EqualFoldBytes(fields[i].Name, name) {
				fields[i].Drop = true
			}
		}
	}
}

// keepAlive reports whether the connection outlives the message, according to
// RFC 9112 §9.3.
func (o *options) keepAlive(minor int) bool {
	return !o.close && (minor == 1 || o.persist)
}
