package affinity

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strconv"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// NewKey returns a random key for an Issuer.
func NewKey() []byte {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails
	return key
}

// An Issuer makes and reads the cookies that bind the clients of one group to
// its seats. It never changes, and is safe for concurrent use.
//
// The value of a cookie is the seat, a dot, and a signature over the group and
// the seat. So a client can choose only a seat that it was once given, and a
// cookie of another group is none.
type Issuer struct {
	name   string
	attrs  string // behind the value
	secure bool   // always, whatever the scheme
	group  string
	key    []byte
	values []string // by seat, for those that the group is configured with
}

// NewIssuer returns the issuer of a group whose Sticky.Issued is set. key is
// for groups without a key of their own.
func NewIssuer(g *plan.Group, key []byte) *Issuer {
	set := &g.Sticky.Issued
	if k := set.Key.Reveal(); k != "" {
		key = []byte(k)
	}
	i := &Issuer{name: set.Cookie(g.Name), group: g.Name, key: key,
		attrs: "; Path=/; HttpOnly; SameSite=" + set.SameSite.Attribute(), secure: set.IsSecure()}
	i.values = make([]string, g.Instances)
	for seat := range i.values {
		i.values[seat] = i.sign(seat)
	}
	return i
}

// signatureSize is the length of a signature in bytes, signatureLen that of its
// encoding.
const (
	signatureSize = 16
	signatureLen  = (signatureSize*8 + 5) / 6
)

// sign returns the value of the cookie for a seat.
func (i *Issuer) sign(seat int) string {
	mac := hmac.New(sha256.New, i.key)
	text := strconv.Itoa(seat)
	mac.Write([]byte("ldcorn by_issued\x00" + i.group + "\x00" + text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:signatureSize])
}

// value returns the value of the cookie for a seat.
func (i *Issuer) value(seat int) string {
	if seat < len(i.values) {
		return i.values[seat]
	}
	return i.sign(seat) // ldcorn scale has added it, or a reload takes it away
}

// Seat returns the seat that a request's cookie names. The first cookie with a
// good signature counts: a client can hold others of the name, which another
// site of its domain has set.
//
// It looks at MaxTried of them, so that a head full of cookies costs little.
func (i *Issuer) Seat(fields []head.Field) (seat int, ok bool) {
	tried := 0
	for value := range Cookies(fields, i.name) {
		if seat, ok = i.read(value); ok {
			return seat, true
		}
		if tried++; tried == MaxTried {
			break
		}
	}
	return 0, false
}

// read returns the seat in the value of a cookie.
func (i *Issuer) read(value []byte) (seat int, ok bool) {
	at := 0
	for ; at < len(value) && '0' <= value[at] && value[at] <= '9'; at++ {
		if seat = seat*10 + int(value[at]-'0'); seat >= plan.MaxInstances {
			return 0, false
		}
	}
	if at == 0 || len(value) != at+1+signatureLen || value[at] != '.' {
		return 0, false
	}
	return seat, subtle.ConstantTimeCompare(value, []byte(i.value(seat))) == 1
}

// AppendCookie appends the value of a Set-Cookie field that binds a client to a
// seat. secure says that the client used https.
func (i *Issuer) AppendCookie(out []byte, seat int, secure bool) []byte {
	out = append(out, i.name...)
	out = append(out, '=')
	out = append(out, i.value(seat)...)
	out = append(out, i.attrs...)
	if secure || i.secure {
		out = append(out, "; Secure"...)
	}
	return out
}

// InvitesShared reports whether a Cache-Control invites caches that clients share
// to keep an answer (RFC 9111 section 5.2.2). They would give a cookie in the
// answer to all of these clients.
func InvitesShared(list []byte) bool {
	for directive, rest := head.NextElement(list); len(directive) > 0; directive, rest = head.NextElement(rest) {
		if head.EqualFold(directive, "public") || len(directive) >= len("s-maxage") && head.EqualFold(directive[:len("s-maxage")], "s-maxage") {
			return true
		}
	}
	return false
}
