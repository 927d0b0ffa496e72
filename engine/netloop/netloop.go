// Package netloop drives connections: it accepts them, runs straight-line
// code for those that have something to do, and keeps the others at rest.
//
// The code that serves a connection sees a Task, in which it runs, and Conns,
// on which it reads and writes; it never learns which driver is behind them.
// "goroutine" runs each connection in a goroutine over net.Conn, on every
// system. "epoll", on Linux, runs event loops whose tasks are coroutines: a
// read that would block yields to the loop, and a connection at rest holds
// neither coroutine nor buffer. "io_uring" is epoll whose loops gather the
// reads and writes of many tasks and hand them to the kernel together.
//
// Under a client's connection there may be a Layer, such as TLS: it turns the
// bytes of the socket into those that the code reads, and back.
//
// The package knows nothing of HTTP.
package netloop

import (
	"errors"
	"net/netip"
	"time"
)

// A Time is a moment on the monotonic clock in nanoseconds since the process
// started. The zero Time stands for "no moment": no deadline.
type Time int64

// Add returns the moment d later. A zero d gives the zero Time: no deadline.
func (t Time) Add(d time.Duration) Time {
	if d <= 0 {
		return 0
	}
	return t + Time(d)
}

// Sub returns the time from u to t.
func (t Time) Sub(u Time) time.Duration { return time.Duration(t - u) }

var epoch = time.Now().Add(-time.Nanosecond) // so that no Now is zero

// Now returns the present moment.
func Now() Time { return Time(time.Since(epoch)) }

// MinRate is what a peer must move, in bytes a second over the time that it
// may make no progress, so as not to count as stalled. No network in use is
// that slow; who is holds a connection for the sake of holding it.
const MinRate = 240

// MinBytes is what MinRate makes in a time, at least one byte.
func MinBytes(d time.Duration) int64 { return max(int64(d.Seconds()*MinRate), 1) }

// Errors of waits. A caller tells them apart to choose its answer; any other
// error of a Conn is the system's, and io.EOF is the peer's end of stream.
var (
	ErrTimeout = errors.New("timed out")
	ErrGone    = errors.New("peer is gone")       // see Task.Watch and Job.Cancel
	ErrStopped = errors.New("driver was stopped") // the shutdown's grace is over
	ErrEnough  = errors.New("interrupted")        // what Fork.Interrupt delivers
	ErrAgain   = errors.New("nothing to read")    // by TryRead
	ErrShort   = errors.New("out of file descriptors")
	// ErrNoSplice is what Splice returns when the system cannot.
	ErrNoSplice = errors.New("cannot splice")
)

// A Conn is a connection owned by one task at a time. Only that task calls
// its methods, but for Close, which the holder of a resting upstream
// connection may call from anywhere. It is used with tasks of its loop and panics
// with any other one. A Fork shares
// the connections of its parent: one of the two reads, one writes.
type Conn interface {
	// TryRead reads what is there, without waiting: ErrAgain when nothing is.
	TryRead(t Task, p []byte) (int, error)
	// Read waits at most wait (0 = no limit) for bytes and reads some into p.
	Read(t Task, p []byte, wait time.Duration) (int, error)
	// Write writes all of a, then all of b, in one system call where the
	// system allows. It fails with ErrTimeout once the peer has taken nothing
	// for wait (0 = no limit), or where the system can tell less than MinRate.
	// n counts the bytes that were taken of both.
	Write(t Task, a, b []byte, wait time.Duration) (n int, err error)
	// WaitReadable waits at most wait for bytes or the end of the stream,
	// reading nothing: who waits long holds no buffer meanwhile. It may
	// return early where that would cost more than it saves.
	WaitReadable(t Task, wait time.Duration) error
	// Splice moves what is there to be read, up to n bytes, to dst without
	// copying it through this process. It waits at most readWait (0 = no
	// limit) for the first byte, and for dst as Write does. moved counts the
	// bytes taken from c. readErr is io.EOF at the end of c's stream, and
	// ErrNoSplice when the system cannot, or a layer stands under c or dst.
	Splice(t Task, dst Conn, n int64, readWait, writeWait time.Duration) (moved int64, readErr, writeErr error)
	// Ended reports whether the peer has ended its stream, though there may be
	// bytes before the end that nobody has read. It is false where the system
	// cannot tell.
	Ended() bool
	// CloseWrite ends the stream towards the peer.
	CloseWrite() error
	// Close closes the connection; a second call does nothing. A task that
	// waits on it gets net.ErrClosed.
	Close() error
	// CloseLater closes a resting upstream connection. Any goroutine may
	// call it that has taken the connection from where it rested.
	CloseLater()

	// Loop returns the loop that the connection belongs to. Only tasks of that
	// loop may use the connection.
	Loop() *Loop
	// Layer returns the layer that stands under the connection; nil = none.
	Layer() Layer
	// Listener is the one that has accepted the client; nil for a connection
	// to an upstream.
	Listener() *Listener
	// Peer is the client's address; the zero AddrPort for unix sockets.
	Peer() netip.AddrPort
	// Local is the address that the client has connected to; the zero
	// AddrPort for unix sockets. It asks the system each time.
	Local() netip.AddrPort
	// Rest tells the driver that this upstream connection is between two
	// requests: until it is used again any event on it, or the moment until,
	// closes it.
	Rest(until Time)
	// Alive ends the rest. It is false when the peer has closed, or sent
	// bytes nobody asked for; the connection is closed then.
	Alive() bool
	// Stash returns the bytes that the last Verdict left with the connection,
	// and forgets them.
	Stash() []byte
	// Until is that of the last Verdict.
	Until() Time
	// Expired reports whether Serve was called because the Until of the last
	// Verdict passed rather than because there is something to read.
	Expired() bool
}

// A Task is one run of straight-line code. Its methods are called by that
// code only, but for Wake.
type Task interface {
	// Loop returns the loop that runs the task.
	Loop() *Loop
	// Now is the present moment; in the epoll driver as of the last event.
	Now() Time
	// SetDeadline bounds every later wait of this task by a moment, after
	// which it ends with ErrTimeout; the zero Time takes the bound away.
	SetDeadline(until Time)
	// Park waits for Wake, at most until the given moment. A Wake that came
	// before is not lost. It returns nil, ErrTimeout, ErrGone or ErrStopped.
	Park(until Time) error
	// Wake ends a Park, now or the next. Any goroutine may call it.
	Wake()
	// Spend counts pieces of work that the task has done with what it has read
	// already, such as the chunks of a body: small ones, of which a buffer can
	// hold thousands. A task that has done, read or written its share gives way
	// to the others at its next read or write.
	Spend(pieces int)
	// Watch makes every wait of this task end with ErrGone once the peer of
	// c is gone for good, within a second. A peer that has only ended its
	// own stream need not be gone, and a TCP socket cannot tell the two
	// apart: so probe is written to such a peer once, after half a second,
	// and one that is gone answers it with a reset. Without a probe (nil), a
	// peer that has ended its stream counts as gone half a second later, also
	// for a task that watches anew all the time; see Conn.Ended. An empty
	// one leaves it at broken connections. A connection that its layer has
	// found broken counts as such. A nil c ends the watch, and a new c replaces
	// the old one. Both take back an ErrGone. Watch returns how many bytes of
	// the probe of the watch that ends were written.
	Watch(c Conn, probe []byte) (probed int)
	// Dial connects to an upstream. While that has no room in its backlog, or
	// this process no descriptor to spare, it tries again, for at most wait (0
	// = no limit): ErrTimeout then, or ErrShort for want of a descriptor. To
	// have one, connections that are idle are closed. A severed upstream refuses the connection
	// (syscall.ECONNREFUSED).
	Dial(to *Upstream, wait time.Duration) (Conn, error)
	// Fork runs f in a task of its own beside this one, on the same loop.
	// The caller waits for it with Fork.Wait before it returns.
	Fork(f func(Task)) Fork
	// Go runs f in a new task on the same loop. The new task has no connection
	// and may outlive this one. Driver.Run waits for it as it waits for a
	// connection that is served. A panic in f ends only f.
	Go(f func(Task)) Job
	// Tunnel hands both connections to the driver, which moves bytes both
	// ways until both streams have ended or one side fails, closes both and
	// calls done. The task's code returns the Verdict.
	Tunnel(a, b Conn, done func()) Verdict
	// Stopping reports whether the driver shuts down: who would keep a
	// connection should end it.
	Stopping() bool
}

// A Fork is a task that runs beside the one that started it.
type Fork interface {
	// Interrupt makes the fork's present and later waits end with ErrEnough.
	Interrupt()
	// Wait waits until the fork's function has returned.
	Wait()
}

// A Job is a task that Task.Go has started. It can serve one of many requests on
// the same connection.
type Job interface {
	// Cancel makes the present and later waits of the job end with ErrGone, as
	// if the peer of a watched connection were gone. The next Watch of the job
	// takes that back, so that a cancelled job can wait while it cleans up. Once
	// the job has ended, Cancel does nothing. Any goroutine may call it.
	Cancel()
}

// A Verdict is what becomes of a client's connection when the code that
// served it returns. The zero Verdict closes it.
type Verdict struct {
	Op    Op
	Until Time   // Rest: when to give up; the zero Time is never
	Stash []byte // Rest: bytes that were read and belong to the next call of Serve; the driver keeps them
}

// An Op is the kind of a Verdict.
type Op uint8

// The kinds of verdict.
const (
	Close  Op = iota // close at once
	Linger           // end our stream, discard what still comes until the client is silent for 5 s, for 30 s at most, then close: an answer to a client that is still sending would be lost by a plain close. No task is held meanwhile.
	Rest             // wait for more to read, holding nothing
	Taken            // the driver has it already, see Task.Tunnel
	Reset            // close so that the peer sees a broken connection rather than the end of the stream, where the transport can say so
)

// A Handler serves client connections.
type Handler interface {
	// Serve runs in a task of its own when c may have something to read, or
	// when Verdict.Until has passed with bytes in the stash. A panic in it
	// costs this connection only.
	Serve(t Task, c Conn) Verdict
}

// A Driver accepts and drives connections.
type Driver interface {
	// Add takes over a listener, and has clients accepted on it as soon as Run
	// runs. It fails with ErrStopped after Shutdown, and on a listener that
	// the driver cannot use; then it has closed it. Any goroutine may call it.
	Add(ln *Listener) error
	// Remove ends the accepting on a listener: who has connected already is
	// served, and the socket is closed a moment later, see Listener.Closed. It
	// touches no connection and no other listener; Listener.Leaving is true
	// from now on. A second call does nothing. Any goroutine may call it. (The
	// kernel keeps a new TCP connection to itself for a second, unless it says
	// something; such a silent one is reset.)
	Remove(ln *Listener)
	// Run serves until Shutdown, and returns when every connection is closed,
	// and every listener. It may be called once.
	Run() error
	// Shutdown makes Run stop accepting, close resting client connections
	// and wait for the others. Any goroutine may call it, more than once.
	Shutdown()
	// Quiet is closed when, after Shutdown, no client connection is left but
	// tunnels, which only their peers can end, and those that linger, which do
	// so for two more seconds at most, and no Job runs.
	Quiet() <-chan struct{}
	// Abort ends what Shutdown waits for: every wait of every task ends with
	// ErrStopped, and connections are closed. What can be written without
	// waiting still is.
	Abort()
	// Procs is the number of processors that the driver can use well, at least 1:
	// one for each event loop, or for the goroutine driver the share of the
	// processors that connections should have, plus Options.Beside. It does not
	// count work that has nothing to do with connections.
	Procs() int
	// Loops returns the loops of the driver. They never change.
	Loops() []*Loop
	// Name says which driver this is, for the log.
	Name() string
}
