package static

import (
	"bytes"

	"github.com/ldcorn/ldcorn/engine/head"
)

// An Accept says which precompressed variants a client prefers to the file itself,
// and in which order.
type Accept uint8

const (
	acceptNone Accept = iota
	acceptBrotli
	acceptGzip
	acceptBrotliGzip // Brotli rather than gzip
	acceptGzipBrotli
	accepts // how many there are
)

// A coding is a way in which a variant is compressed.
type coding struct{ name, suffix string }

var brotli, gzip = coding{"br", ".br"}, coding{"gzip", ".gz"}

// codings returns the variants to look for, in order.
func (a Accept) codings() []coding { return codingsOf[a] }

var codingsOf = [accepts][]coding{acceptBrotli: {brotli}, acceptGzip: {gzip}, acceptBrotliGzip: {brotli, gzip}, acceptGzipBrotli: {gzip, brotli}}

// AcceptOf returns what a request accepts by its Accept-Encoding (RFC 9110 section
// 12.5.3). Of codings with the same weight, Brotli comes first, then gzip, then none.
// A client that accepts nothing that there is gets the file itself.
func AcceptOf(r *head.Request) Accept {
	w := weights{brotli: unset, gzip: unset, identity: unset, other: unset}
	for i := range r.Fields {
		if isField(&r.Fields[i], "accept-encoding") {
			w.add(r.Fields[i].Value)
		}
	}
	return w.accept()
}

// isField reports whether a field has a name, which is in lower case.
func isField(f *head.Field, name string) bool {
	return len(f.Name) == len(name) && !f.Drop && head.EqualFold(f.Name, name)
}

// weights are in thousandths, as clients write them.
type weights struct{ brotli, gzip, identity, other int }

const unset = -1

func (w *weights) add(value []byte) {
	for element, rest := head.NextElement(value); len(element) > 0; element, rest = head.NextElement(rest) {
		name, parameters, _ := bytes.Cut(element, semicolon)
		q := weight(parameters)
		switch name = head.Trim(name); {
		case head.EqualFold(name, "br"):
			w.brotli = q
		case head.EqualFold(name, "gzip"), head.EqualFold(name, "x-gzip"):
			w.gzip = q
		case head.EqualFold(name, "identity"):
			w.identity = q
		case string(name) == "*":
			w.other = q
		}
	}
}

var semicolon = []byte(";")

func (w *weights) accept() Accept {
	for _, q := range [...]*int{&w.brotli, &w.gzip} {
		if *q == unset {
			*q = max(w.other, 0)
		}
	}
	least := max(w.identity, 1) // one that is not named is acceptable, but only that
	br, gz := w.brotli >= least, w.gzip >= least
	switch {
	case br && gz && w.gzip > w.brotli:
		return acceptGzipBrotli
	case br && gz:
		return acceptBrotliGzip
	case br:
		return acceptBrotli
	case gz:
		return acceptGzip
	}
	return acceptNone
}

// weight returns the weight in the parameters of an element (RFC 9110 section 12.4.2).
// A malformed one counts as 0: the client may not want the coding.
func weight(parameters []byte) int {
	parameters = head.Trim(parameters)
	if len(parameters) == 0 {
		return 1000
	}
	name, value, found := bytes.Cut(parameters, equals)
	value = head.Trim(value)
	if name = head.Trim(name); !found || !head.EqualFold(name, "q") || len(value) == 0 || len(value) > len("0.123") {
		return 0
	}
	if value[0] != '0' && value[0] != '1' || len(value) > 1 && value[1] != '.' {
		return 0
	}
	q, unit := 1000*int(value[0]-'0'), 100
	for _, c := range value[min(2, len(value)):] {
		if c < '0' || c > '9' {
			return 0
		}
		q += unit * int(c-'0')
		unit /= 10
	}
	if q > 1000 {
		return 0
	}
	return q
}

var equals = []byte("=")
