package acme

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/mholt/acmez/v3/acme"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/certs"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// A name is one name with its certificate. It is a certs.Source. The goroutine of
// run owns the fields that are not atomic.
type name struct {
	m     *Manager
	spec  plan.ACME
	store storage
	again chan struct{} // holds at most one request to try again soon

	pair  atomic.Pointer[certs.Pair] // nil = none yet
	state atomic.Pointer[state]      // never nil

	text    []byte // that pair was made of
	unsaved []byte // what could not be stored; nil = none
	told    string // the error that was logged last
	asked   bool   // a person wants it to be tried again
	stale   bool   // the last failure was with other settings, and nothing was tried with these yet
}

// A state is what people get to know about a name. It never changes.
type state struct {
	err  string // why there is no new certificate; "" = nothing is wrong
	note note
	due  time.Time
}

// maxSleep limits how long a name sleeps: clocks are set, and machines are suspended.
const maxSleep = time.Hour

func newName(m *Manager, spec plan.ACME, store storage) *name {
	n := &name{m: m, spec: spec, store: store, again: make(chan struct{}, 1)}
	n.state.Store(&state{})
	return n
}

func (n *name) log() *slog.Logger { return n.m.opts.Log.With("name", n.spec.Name) }

// run keeps the certificate until ctx ends.
func (n *name) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-n.again:
			n.asked = true
		case <-ctx.Done():
			return
		}
		timer.Reset(max(n.step(ctx), 50*time.Millisecond))
	}
}

// step does what has to be done, and returns when to look again.
func (n *name) step(ctx context.Context) time.Duration {
	n.adopt()
	n.save()
	nt := n.readNote()
	now := time.Now()
	if wait := n.due(&nt).Sub(now); wait > 0 {
		if n.suggest(ctx, &nt) {
			wait = n.due(&nt).Sub(now)
		}
		n.asked, n.stale = false, false
		n.publish(&nt)
		if n.unsaved != nil {
			wait = min(wait, time.Minute)
		}
		return min(wait, maxSleep)
	}
	// Somebody who has removed the cause does not want to wait. Somebody who reloads again and
	// again must not bother the issuer.
	next := nt.Next
	if soonest := nt.Tried.Add(time.Minute); n.asked && !nt.Limited && soonest.Before(next) {
		next = soonest
	}
	if wait := next.Sub(now); wait > 0 {
		if !n.stale || nt.Limited { // nobody wants to read again what a reload has mended
			n.tell(&nt, "")
		}
		n.publish(&nt)
		return min(wait, maxSleep)
	}
	asked := n.asked
	n.asked, n.stale = false, false
	return n.renew(ctx, asked)
}

// renew gets a certificate, unless another master does.
func (n *name) renew(ctx context.Context, asked bool) time.Duration {
	if !n.m.begin(ctx) {
		return maxSleep
	}
	defer n.m.end()
	unlock, err := n.store.lock(ctx, n.spec.Name)
	if err != nil {
		nt := n.readNote()
		return n.failed(ctx, &nt, err, 0)
	}
	defer unlock()
	n.adopt()
	nt := n.readNote()
	if now := time.Now(); n.due(&nt).After(now) || nt.Next.After(now) && !asked {
		return 0 // another master was faster
	}
	if err := n.store.hasRoom(); err != nil {
		return n.failed(ctx, &nt, storageError(err), 0)
	}
	kind := n.m.kind(n.spec, nt.Failures)
	n.log().Info("requesting a certificate", "issuer", n.spec.Directory, "challenge", kind)
	text, after, err := n.request(ctx, kind, n.Leaf())
	if err != nil {
		return n.failed(ctx, &nt, err, after)
	}
	pair, err := n.pairOf(text)
	if err == nil {
		err = checkTime(pair.Leaf(), time.Now())
	}
	if err != nil {
		return n.failed(ctx, &nt, err, 0)
	}
	n.use(pair, text)
	n.unsaved = text
	n.save()
	n.writeNote(&note{Issued: time.Now(), Tried: time.Now()})
	failed := n.told != ""
	n.told = ""
	leaf := pair.Leaf()
	n.log().Info("certificate issued", "issuer", leaf.Issuer.String(), "expires", leaf.NotAfter)
	n.m.opts.Events.Emit(api.Event{Kind: api.EventCertificate, Reason: "issued: for " + n.spec.Name})
	if failed {
		n.m.opts.Events.Emit(api.Event{Kind: api.EventCertRecovered, Reason: "the certificate for " + n.spec.Name + " was issued after failures"})
	}
	return 0
}

// failed notes and reports a failure.
func (n *name) failed(ctx context.Context, nt *note, err error, after time.Duration) time.Duration {
	if ctx.Err() != nil {
		return maxSleep // nobody wants the certificate any more
	}
	f := (*failure)(nil)
	mild := !errors.As(err, &f) || f.mild
	text, hint := explain(err)
	nt.failed(time.Now(), text, mild, after)
	nt.Settings = settingsOf(n.spec)
	n.writeNote(nt)
	n.tell(nt, hint)
	n.publish(nt)
	return min(time.Until(nt.Next), maxSleep)
}

// tell logs the failure in a note, unless it was the last thing that was logged.
func (n *name) tell(nt *note, hint string) {
	if nt.Error == "" || n.told == fmt.Sprint(nt.Failures, nt.Error) {
		return
	}
	n.told = fmt.Sprint(nt.Failures, nt.Error)
	attrs := []any{"err", nt.Error, "failures", nt.Failures, "again", nt.Next.UTC().Format(time.RFC3339)}
	if hint != "" {
		attrs = append(attrs, "hint", hint)
	}
	if leaf := n.Leaf(); leaf != nil {
		n.log().Error("certificate not renewed: the one in use stays", append(attrs, "expires", leaf.NotAfter)...)
	} else {
		n.log().Error("no certificate: TLS clients that ask for the name are refused", attrs...)
	}
	n.m.opts.Events.Emit(api.Event{Kind: api.EventCertFailed, Reason: n.spec.Name + ": " + nt.Error})
}

// use puts a certificate into effect, for handshakes that begin from now on.
func (n *name) use(pair *certs.Pair, text []byte) {
	n.pair.Store(pair)
	n.text = text
}

// adopt takes the certificate from the storage if it is not in use and lasts longer:
// this master has just been started, or another one has got it.
func (n *name) adopt() {
	text, err := n.store.read(dirCertificates, n.file("pem"))
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			n.log().Warn("certificate cannot be read from the storage", "err", err)
		}
		return
	}
	if string(text) == string(n.text) {
		return
	}
	pair, err := n.pairOf(text)
	if err != nil {
		n.log().Warn("the certificate in the storage cannot be used: requesting another one", "err", err, "moved", n.store.setAside(dirCertificates, n.file("pem")))
		return
	}
	if old := n.Leaf(); old != nil {
		if !pair.Leaf().NotAfter.After(old.NotAfter) {
			return
		}
		n.log().Info("certificate of another master taken from the storage", "expires", pair.Leaf().NotAfter)
		n.m.opts.Events.Emit(api.Event{Kind: api.EventCertificate, Reason: "issued: for " + n.spec.Name})
	}
	n.use(pair, text)
}

// save stores the certificate if it is not.
func (n *name) save() {
	if n.unsaved == nil {
		return
	}
	if err := n.store.write(dirCertificates, n.file("pem"), n.unsaved); err != nil {
		n.log().Error("certificate in use, but not stored: trying again", "err", err)
		return
	}
	n.unsaved = nil
}

// due returns when to renew the certificate; the zero time if there is none.
func (n *name) due(nt *note) time.Time {
	leaf := n.Leaf()
	if leaf == nil {
		return time.Time{}
	}
	return nt.due(serial(leaf), leaf.NotBefore, leaf.NotAfter)
}

func serial(leaf *x509.Certificate) string { return leaf.SerialNumber.Text(16) }

// suggest asks the issuer when to renew the certificate, if it is time to ask. It
// reports whether the note has changed.
func (n *name) suggest(ctx context.Context, nt *note) bool {
	leaf, now := n.Leaf(), time.Now()
	if nt.Serial == serial(leaf) && now.Before(nt.AskAgain) || n.unsaved != nil {
		return false
	}
	info, err := n.suggestion(ctx, leaf)
	if ctx.Err() != nil {
		return false
	}
	*nt = n.readNote() // another master may have written it
	switch {
	case errors.Is(err, acme.ErrUnsupported):
		nt.Serial, nt.AskAgain = serial(leaf), now.Add(jitter(24*time.Hour))
	case err != nil:
		n.log().Debug("the issuer does not say when to renew", "err", err)
		if nt.Serial != serial(leaf) {
			nt.Serial, nt.Renew = serial(leaf), time.Time{}
		}
		nt.AskAgain = now.Add(jitter(time.Hour))
	default:
		nt.suggested(serial(leaf), info.SuggestedWindow.Start, info.SuggestedWindow.End, info.SelectedTime)
		nt.AskAgain = now.Add(6 * time.Hour)
		if info.RetryAfter != nil { // it is a wish, within reason
			nt.AskAgain = now.Add(min(max(info.RetryAfter.Sub(now), time.Minute), 24*time.Hour))
		}
		if info.ExplanationURL != "" && nt.Renew.Before(now) {
			n.log().Warn("the issuer wants the certificate to be renewed", "why", info.ExplanationURL)
		}
	}
	n.writeNote(nt)
	return true
}

func (n *name) file(ext string) string { return n.spec.Name + "." + ext }

// readNote reads the note. One that is broken is as good as none.
func (n *name) readNote() (nt note) {
	if err := n.store.readJSON(dirCertificates, n.file("json"), &nt); err != nil {
		n.log().Warn("a note about a certificate cannot be read", "err", err)
		if last := n.state.Load().note; last.Tried.After(nt.Tried) {
			return last // the storage fails: this master still waits
		}
		return note{}
	}
	if last := n.state.Load().note; last.Tried.After(nt.Tried) && last.Failures > 0 {
		return last // it could not be written
	}
	return nt
}

func (n *name) writeNote(nt *note) {
	if err := n.store.writeJSON(dirCertificates, n.file("json"), nt); err != nil {
		n.log().Debug("a note about a certificate cannot be written", "err", err)
	}
	n.publish(nt)
}

func (n *name) publish(nt *note) {
	s := &state{err: nt.Error, note: *nt, due: n.due(nt)}
	if n.stale && !nt.Limited {
		s.err = ""
	}
	n.state.Store(s)
}

// settingsOf returns a digest of the settings of a name.
func settingsOf(a plan.ACME) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", []string{a.Directory, a.DirectoryCA.Reveal(), a.Email, string(a.Challenge), a.Profile, a.EABKeyID, a.EABKey.Reveal()}))
	return hex.EncodeToString(sum[:8])
}

// Names implements certs.Source.
func (n *name) Names() []string { return []string{n.spec.Name} }

// Protocols implements certs.Source. The store of a listener answers challenges.
func (n *name) Protocols() []string { return nil }

// Leaf implements certs.Source.
func (n *name) Leaf() *x509.Certificate {
	if p := n.pair.Load(); p != nil {
		return p.Leaf()
	}
	return nil
}

// Certificate implements certs.Source.
func (n *name) Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if p := n.pair.Load(); p != nil {
		return p.Certificate(hello)
	}
	return nil, fmt.Errorf("there is no certificate for %s yet", n.spec.Name)
}

// Describe completes what the status says about the certificate.
func (n *name) Describe(c *api.Certificate) {
	s := n.state.Load()
	c.Error = s.err
	if !s.note.Issued.IsZero() {
		c.Read = s.note.Issued
	}
	a := &api.CertificateACME{Directory: n.spec.Directory, Failures: s.note.Failures}
	switch {
	case n.Leaf() == nil:
		a.State = api.ACMEPending
	case s.err != "":
		a.State = api.ACMEFailing
	default:
		a.State = api.ACMEValid
	}
	if !s.due.IsZero() {
		a.RenewAt = &s.due
	}
	if s.err != "" && !s.note.Next.IsZero() {
		a.TryAt = &s.note.Next
	}
	c.ACME = a
}
