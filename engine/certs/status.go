package certs

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// Status describes the certificates, in the order of listeners and then as written.
func (k *Keeper) Status() []api.Certificate {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := []api.Certificate{}
	at := make(map[plan.TLS]int)
	for _, listener := range slices.Sorted(maps.Keys(k.wanted)) {
		for _, t := range k.wanted[listener] {
			i, ok := at[t]
			if !ok {
				i = len(out)
				at[t] = i
				out = append(out, k.held[t].status())
			}
			out[i].Listeners = append(out[i].Listeners, listener)
		}
	}
	return out
}

func (h *held) status() api.Certificate {
	c := api.Certificate{Names: []string{}, From: from(h.tls), Read: h.changed}
	if h.broken != nil {
		c.Error = h.broken.Error()
	}
	c.ClientAuth = cmp.Or(string(h.tls.ClientAuth), "none")
	if d, ok := h.source.(interface{ Describe(*api.Certificate) }); ok && h.broken == nil {
		d.Describe(&c)
	}
	c.Problems, c.Lost = []api.CertificateProblem{}, h.lost
	for _, f := range h.flaws(time.Now()) {
		c.Problems = append(c.Problems, f.problem)
	}
	leaf := h.source.Leaf()
	if leaf == nil {
		c.Names = append(c.Names, h.source.Names()...)
		return c
	}
	c.Names = append(c.Names, namesOf(leaf)...)
	c.Subject, c.Issuer = leaf.Subject.String(), leaf.Issuer.String()
	c.NotBefore, c.NotAfter = leaf.NotBefore, leaf.NotAfter
	c.Fingerprint, c.Serial = Fingerprint(leaf), leaf.SerialNumber.Text(16)
	return c
}

// from says where a certificate comes from.
func from(t plan.TLS) string {
	switch {
	case t.ACME.Name != "":
		return t.ACME.Directory
	case plan.IsPEM(t.Cert):
		return "the configuration"
	}
	return t.Cert.Reveal()
}
