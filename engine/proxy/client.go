package proxy

import (
	"errors"
	"net/netip"
	"time"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/tlslayer"
)

// A Client is the side of a request that faces its client: the request's body
// comes from it, and the answer goes to it. It knows the protocol that the
// client speaks; a Request knows none.
//
// One task calls its methods, except that another one may read the body
// meanwhile, with AwaitBody, ReadBody and SpliceBody. Nothing that is passed to
// a method may be kept after it has returned.
type Client interface {
	ClientBody
	ClientAnswer

	// Peer is the address that the request came from. It is the zero Addr for a
	// unix socket.
	Peer() netip.Addr
	// Port is the port that the client has connected to, in digits; "" for a unix
	// socket.
	Port() string
	// Anonymous reports whether Peer is a proxy that passes on bytes of a client that
	// it does not name.
	Anonymous() bool
	// Listener is the listener that the request came by; nil if there is none.
	Listener() *netloop.Listener
	// Session is that of the client's connection; nil without TLS.
	Session() *tlslayer.Session
	// Watch makes every wait of the task t end with netloop.ErrGone once the
	// client is gone. Until Unwatch nothing may be sent to the client.
	Watch(t netloop.Task)
	// Unwatch ends the watch, and takes back an ErrGone.
	Unwatch(t netloop.Task)
}

// A fileSender is a Client that can send a file without copying its bytes through this
// process.
type fileSender interface {
	// SendsFiles reports whether SendFile can be tried.
	SendsFiles() bool
	// SendFile sends n bytes of the body from a file, behind what Begin has taken. It
	// fails as Send does, or, with readErr, as netloop.Conn's SendFile does. The last Send
	// follows it.
	SendFile(t netloop.Task, from netloop.FileSource, off, n int64) (sent int64, readErr, writeErr error)
}

// A ClientBody is the body of a request, without the framing that it came in.
type ClientBody interface {
	// First is the part of the body that came with the head, and whether it is
	// all of it. The part is valid, and the same, as long as the request is
	// served, so that it can be sent again. The error is a *BodyError.
	First() (part []byte, whole bool, err error)
	// AskForBody tells a client that waits for it to send the body (RFC 9110
	// section 10.1.1).
	AskForBody(t netloop.Task)
	// AwaitBody waits until ReadBody has something to do, and holds no buffer
	// meanwhile.
	AwaitBody(t netloop.Task, wait time.Duration) error
	// ReadBody reads what follows First. It may read nothing without an error:
	// then there is more to wait for. whole says that no more follows. The error
	// is a *BodyError, netloop.ErrTimeout after wait, io.EOF where the client
	// has ended its stream within the body, or another of a netloop.Conn.
	ReadBody(t netloop.Task, p []byte, wait time.Duration) (n int, whole bool, err error)
	// SpliceBody moves some of the body to the worker's connection as
	// netloop.Conn's Splice does. It fails with netloop.ErrNoSplice where
	// ReadBody should be used.
	SpliceBody(t netloop.Task, to netloop.Conn, readWait, writeWait time.Duration) (n int64, whole bool, readErr, writeErr error)
}

// A ClientAnswer takes the answer to a request. A method that sends fails with
// ErrClientGone, ErrClientStalled or netloop.ErrStopped.
type ClientAnswer interface {
	// SendInterim sends an interim answer, if the client's version of the protocol
	// has them.
	SendInterim(t netloop.Task, h *AnswerHead) error
	// Begin takes the head of the final answer. The first Send sends it; until
	// then another call of Begin replaces it. whole says that one Send will be
	// all.
	Begin(h *AnswerHead, whole bool)
	// Send sends a part of the body. With whole it is the last one, and the
	// trailers follow if the client accepts any.
	Send(t netloop.Task, part []byte, whole bool, trailers []head.Field) error
	// SpliceAnswer moves up to n bytes of the body from a worker's connection,
	// watching the client meanwhile. It fails with netloop.ErrNoSplice where
	// Send should be used.
	SpliceAnswer(t netloop.Task, from netloop.Conn, n int64) (moved int64, readErr, writeErr error)
	// OnHeld has f called, once, as soon as the client does not take what is sent
	// at once: before Send or SpliceAnswer waits for it, in the task that sends,
	// with how many bytes the SpliceAnswer has taken until then. The latter takes
	// no more, and returns once the client has those. A nil f takes back the last
	// call.
	OnHeld(t netloop.Task, f func(taken int64))
	// CloseWrite tells the client that nothing follows the answer that it has,
	// although the request is still served.
	CloseWrite()
	// Sent is how many bytes of the answer were sent, its head aside.
	Sent() int64

	// Switch sends the head of an answer that makes the request a tunnel, and
	// what the worker has sent behind it. Early is what the client has sent
	// already of what goes through the tunnel. Tunnel hands both connections
	// over, and has done called when the tunnel ends.
	Switch(t netloop.Task, h *AnswerHead, behind []byte) error
	Early() []byte
	Tunnel(t netloop.Task, up netloop.Conn, done func())
}

// Errors of a Client.
var (
	// ErrClientGone says that the client takes no more bytes.
	ErrClientGone = errors.New("client is gone")
	// ErrClientStalled says that it took none, or too few, for too long.
	ErrClientStalled = errors.New("client is stalled")
)

// A BodyError is what is wrong with a body that a client sends.
type BodyError struct {
	Status int    // of the answer, 4xx
	Reason string // for the client, in ASCII without quotes
}

func (e *BodyError) Error() string { return e.Reason }

// An AnswerHead is what the head of an answer says, whoever gives the answer: a
// worker, the router of the configuration, or ldcorn itself. The Client adds
// everything else.
type AnswerHead struct {
	Status int
	Reason []byte // of a worker; nil is the usual one

	// The fields, of which an answer has one kind.
	Fields   []head.Field      // of a worker, as they came, or of a file: those that frame or concern its connection are not for the client
	edits    *editor           // of Fields; nil changes nothing
	issue    issue             // a cookie of ldcorn's own besides Fields
	Set      []plan.HeaderEdit // of a router
	Location []byte            // of a redirect of ldcorn's own, instead of fields; nil for any other answer
	Media    string            // the Content-Type of an error of ldcorn's own; "" for any other answer
	Allow    string            // of an error of ldcorn's own with status 405; "" = every method that ldcorn takes

	Body   BodyKind
	Length int64 // of the body, even if it is not sent, as for HEAD; -1 = not known

	ID     []byte // of the request, for an answer of ldcorn's own, or a file; nil for a worker's, which has an id and a date already
	Retry  int64  // seconds, for an error with status 429 or 503
	Close  bool   // no other request is served on the connection, if it serves one at a time
	Offers bool   // the answer names what the connection could become (RFC 9110 section 7.8)
}

// AppendFields appends the fields of the worker, the router or a redirect as lines of
// HTTP/1.1, after the edits of the configuration, and the cookie of ldcorn's own.
func (h *AnswerHead) AppendFields(out []byte) []byte {
	if h.Location != nil {
		out = http1.AppendField(out, "Location", h.Location)
	}
	for i := range h.Set {
		out = http1.AppendField(out, h.Set[i].Name, h.Set[i].Value.Reveal())
	}
	if h.edits != nil {
		out = h.edits.append(out, h.Fields, 0)
	} else {
		out = http1.AppendForwardable(out, h.Fields, 0)
	}
	return h.issue.append(out)
}

// A BodyKind says how a client can learn where the body of an answer ends.
type BodyKind uint8

const (
	BodyNone       BodyKind = iota // there is none
	BodyLength                     // of known length
	BodyStream                     // the last Send is its end
	BodyUntilClose                 // likewise, but nobody can tell whether the worker had finished
)
