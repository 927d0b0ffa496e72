package certs

import (
	"errors"
	"slices"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// A held is one tls(...) with what was read for it.
type held struct {
	tls     plan.TLS
	source  Source
	ca      *CA       // nil = none
	broken  error     // why the files cannot be used now; nil if they can
	told    bool      // broken was logged
	broke   time.Time // when broken was noticed first
	changed time.Time // when source and ca were read

	lost     []string                          // names that the certificate before had
	regained bool                              // it has the names that the one before had lost
	warned   map[api.CertificateProblem]string // what the log has said
}

// load reads what one tls(...) names.
func (k *Keeper) load(t plan.TLS) (*held, error) {
	source, err := k.source(t)
	if err != nil {
		return nil, err
	}
	h := &held{tls: t, source: source, changed: time.Now()}
	if t.ClientAuth != plan.ClientAuthNone {
		h.ca, err = LoadCA(t)
	}
	return h, err
}

func (k *Keeper) source(t plan.TLS) (Source, error) {
	switch {
	case t.ACME.Name == "":
		return LoadPair(t)
	case k.opts.Issuer == nil:
		return nil, &Error{Argument: "name", Err: errors.New("there is no issuer")}
	}
	return k.opts.Issuer.Source(t.ACME)
}

// with returns a copy that cannot be read at present.
func (h *held) with(err error) *held {
	next := *h
	if next.broken == nil || next.broken.Error() != err.Error() {
		next.told = false
	}
	if next.broken == nil {
		next.broke = time.Now()
	}
	next.broken = err
	return &next
}

// fingerprintOf returns the fingerprint of the certificate of a source, or "".
func fingerprintOf(s Source) string {
	if leaf := s.Leaf(); leaf != nil {
		return Fingerprint(leaf)
	}
	return ""
}

// expiryOf returns when the certificate of a source expires; the zero time if there is
// none.
func expiryOf(s Source) time.Time {
	if leaf := s.Leaf(); leaf != nil {
		return leaf.NotAfter
	}
	return time.Time{}
}

func (h *held) digest() string {
	if h.ca == nil {
		return ""
	}
	return h.ca.digest
}

// names reports whether one of the paths is a file of t.
func names(t plan.TLS, paths []string) bool {
	return slices.ContainsFunc(t.Paths(), func(p string) bool { return slices.Contains(paths, p) })
}
