package control

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/judge"
)

// AdminRights say what an Admin shows and does for whom.
type AdminRights struct {
	Token   string // opens what clients and workers wrote; "" means that no token does
	Actions bool   // the token also allows to change the master
}

// A level says who may use a page of an Admin.
type level int

const (
	// everybody is for who can reach the listener, such as Prometheus and load
	// balancers.
	everybody level = iota
	// known is for the same, except for pages of other sites whose name leads to this
	// machine (DNS rebinding).
	known
	// trusted is for who has the token or, over a unix socket, is the user of the
	// master.
	trusted
	// acting is for who is trusted, and only with admin_actions.
	acting
)

// allow wraps a page of a level, so that it refuses all others and says why.
func (a *Admin) allow(want level, serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		rights := a.opts.Rights()
		switch has := a.levelOf(r, rights); {
		case has >= want:
			serve(w, r)
		case want == known:
			refuse(w, http.StatusForbidden, "ldcorn does not know the name in Host, which could be that of a foreign page: use the address as a number or localhost, or send the token")
		case has == trusted:
			refuse(w, http.StatusForbidden, "the configuration does not allow actions here: set admin_actions=True")
		case rights.Token == "":
			refuse(w, http.StatusForbidden, `the configuration has no token for this: set admin_token=secret("NAME")`)
		default:
			w.Header().Set("WWW-Authenticate", `Bearer realm="ldcorn"`)
			refuse(w, http.StatusUnauthorized, "this needs the token: send Authorization: Bearer with the value of admin_token")
		}
	}
}

// levelOf returns the highest level that a request has.
func (a *Admin) levelOf(r *http.Request, rights AdminRights) level {
	switch {
	case !hasToken(r, rights.Token) && !isOwner(r.Context()):
		if namesThisMachine(r.Host) {
			return known
		}
		return everybody
	case rights.Actions:
		return acting
	}
	return trusted
}

// hasToken reports whether a request has the token. It takes the same time for each
// wrong one.
func hasToken(r *http.Request, token string) bool {
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if token == "" || !strings.EqualFold(scheme, "Bearer") {
		return false
	}
	a, b := sha256.Sum256([]byte(strings.TrimSpace(given))), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// namesThisMachine reports whether a Host can only mean this machine: an address as a
// number, which no foreign name server can give away, or a name of its own.
func namesThisMachine(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	own, err := os.Hostname()
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && host == strings.ToLower(own)
}

// ownerKey is the key of a context's value that isOwner reads.
type ownerKey struct{}

// withPeer notes a connection of an Admin, and who is at its other end.
func withPeer(ctx context.Context, conn net.Conn) context.Context {
	ctx = context.WithValue(ctx, connKey{}, conn)
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		return ctx
	}
	peer, err := Peer(unixConn)
	return context.WithValue(ctx, ownerKey{}, err == nil && allowed(peer.UID))
}

// isOwner reports whether a request comes over a unix socket from the user of the
// master, or from root.
func isOwner(ctx context.Context) bool {
	owner, _ := ctx.Value(ownerKey{}).(bool)
	return owner
}

// access says what the client of a request may do, for the dashboard.
func (a *Admin) access(w http.ResponseWriter, r *http.Request) {
	rights := a.opts.Rights()
	has := a.levelOf(r, rights)
	answer(w, http.StatusOK, api.Access{FormatVersion: api.ControlVersion, Version: a.opts.Version,
		Token: rights.Token != "", Private: has >= trusted, Actions: has >= acting, EventMoods: judge.EventMoods()})
}

// pass has the Server of the control socket answer. The answer may take as long as it
// likes, if each part of it finds its reader in time.
func (a *Admin) pass(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPlan))
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // which would end the request, too
	a.opts.Control.ServeHTTP(patient{w}, r)
}

// A patient writer gives each write the time of a whole answer.
type patient struct{ http.ResponseWriter }

func (p patient) Write(b []byte) (int, error) {
	_ = http.NewResponseController(p.ResponseWriter).SetWriteDeadline(time.Now().Add(adminTimeout))
	return p.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController find what is beneath.
func (p patient) Unwrap() http.ResponseWriter { return p.ResponseWriter }
