package acme

import (
	"math/rand/v2"
	"time"
)

// A note is what the storage knows about the certificate of a name beside the
// certificate itself. All masters with the storage share it, and it outlasts them:
// a master that is started again and again asks an issuer no more often.
type note struct {
	Failures int       `json:"failures,omitempty"` // in a row
	Error    string    `json:"error,omitempty"`    // the last one
	Settings string    `json:"settings,omitempty"` // a digest of those that have failed
	Tried    time.Time `json:"tried,omitzero"`
	Next     time.Time `json:"next,omitzero"`     // not before
	Limited  bool      `json:"limited,omitempty"` // Next is what the issuer demands
	Issued   time.Time `json:"issued,omitzero"`   // when a certificate came last

	// What the issuer suggests for the certificate with the serial number (RFC 9773).
	Serial   string    `json:"serial,omitempty"`
	Start    time.Time `json:"start,omitzero"`
	End      time.Time `json:"end,omitzero"`
	Renew    time.Time `json:"renew,omitzero"` // a moment between them
	AskAgain time.Time `json:"ask_again,omitzero"`
}

// failed notes a failure. mild is one that costs an issuer nothing. after is how long
// the issuer wants to be left alone at least.
func (n *note) failed(now time.Time, text string, mild bool, after time.Duration) {
	wait := backoff(n.Failures, mild)
	n.Limited = after > 0
	n.Failures++
	n.Error, n.Tried = text, now
	n.Next = now.Add(max(wait, min(after, maxAfter)))
}

// maxAfter limits what an issuer can demand.
const maxAfter = 7 * 24 * time.Hour

// backoff returns how long to wait after a failure. Let's Encrypt lets an account
// fail five times an hour for a name.
func backoff(before int, mild bool) time.Duration {
	wait, factor, most := time.Minute, time.Duration(5), 6*time.Hour
	if mild {
		wait, factor, most = 10*time.Second, 2, time.Hour
	}
	for range min(before, 20) {
		if wait *= factor; wait >= most {
			wait = most
			break
		}
	}
	return jitter(wait)
}

// jitter returns up to a fifth more, so that masters do not act at the same time.
func jitter(d time.Duration) time.Duration { return d + rand.N(d/5+1) }

// due returns when to renew a certificate: when the issuer suggests, or else after
// two thirds of its life, or half of a short one. The last tenth of its life is too late.
func (n *note) due(serial string, notBefore, notAfter time.Time) time.Time {
	life := notAfter.Sub(notBefore)
	due := notBefore.Add(life / 3 * 2)
	if life < 10*24*time.Hour {
		due = notBefore.Add(life / 2)
	}
	if n.Serial == serial && !n.Renew.IsZero() {
		due = n.Renew
	}
	if last := notAfter.Add(-life / 10); due.After(last) {
		due = last
	}
	// An issuer that suggests to renew at once again and again gets its way once an hour.
	if soonest := n.Issued.Add(min(time.Hour, life/3)); due.Before(soonest) {
		due = soonest
	}
	return due
}

// suggested notes what an issuer suggests. The moment stays if the window does.
func (n *note) suggested(serial string, start, end, moment time.Time) {
	if n.Serial == serial && n.Start.Equal(start) && n.End.Equal(end) {
		return
	}
	n.Serial, n.Start, n.End, n.Renew = serial, start, end, moment
}
