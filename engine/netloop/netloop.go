// Package netloop drives connections: it accepts them, runs straight-line code
// for those that have something to do, and keeps the others at rest.
//
// The code that serves a connection sees a Task, in which it runs, and Conns,
// on which it reads and writes. It never learns which driver is behind them.
// "goroutine" runs each connection in a goroutine over net.Conn, on every
// system. "epoll", on Linux, runs event loops whose tasks are coroutines: a
// read that would block yields to the loop, and a connection at rest holds
// neither coroutine nor buffer. "io_uring" is epoll with loops that gather the
// reads and writes of many tasks and hand them to the kernel together.
//
// A client's connection can have a Layer under it, such as TLS, which turns the
// bytes of the socket into the bytes that the code reads, and back. An Opening is
// a layer for the first bytes, such as a header in which a proxy names its client.
//
// The package knows nothing about HTTP.
package netloop

import (
	"errors"
	"net/netip"
	"time"
)

// A Time is a moment on the monotonic clock, in nanoseconds since the process
// started. The zero Time means "no moment", for example no deadline.
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

// MinRate is how much a peer must move, in bytes per second averaged over the
// time that it may make no progress, to not count as stalled. No network in use
// is that slow. A slower peer holds the connection just to hold it.
const MinRate = 240

// MinBytes returns how many bytes MinRate makes in d, at least one.
func MinBytes(d time.Duration) int64 { return max(int64(d.Seconds()*MinRate), 1) }

// Errors of waits. A caller distinguishes them to choose its answer. Any other
// error of a Conn is the system's, and io.EOF is the end of the peer's stream.
var (
	ErrTimeout = errors.New("timed out")
	ErrGone    = errors.New("peer is gone")       // see Task.Watch and Job.Cancel
	ErrStopped = errors.New("driver was stopped") // the shutdown's grace period is over
	ErrEnough  = errors.New("interrupted")        // returned after Fork.Interrupt
	ErrAgain   = errors.New("nothing to read")    // returned by TryRead
	ErrShort   = errors.New("out of file descriptors")
	// ErrNoSplice is what Splice returns if the system does not support it.
	ErrNoSplice = errors.New("cannot splice")
)

// A Conn is a connection owned by one task at a time. Only that task calls its
// methods, with one exception: the holder of a resting upstream connection can
// call CloseLater from any goroutine. A Conn works only with tasks of its loop
// and panics with any other task. A Fork shares the connections of its parent:
// one of the two reads, and the other one writes.
type Conn interface {
	// TryRead reads the available bytes without waiting. It returns ErrAgain if
	// there are none.
	TryRead(t Task, p []byte) (int, error)
	// Read waits at most wait (0 = no limit) for bytes and reads some into p.
	Read(t Task, p []byte, wait time.Duration) (int, error)
	// Write writes all of a, then all of b, in one system call if the system
	// can. It fails with ErrTimeout if the peer takes nothing for wait (0 = no
	// limit), or less than MinRate if the system can tell. n counts the bytes
	// taken from both.
	Write(t Task, a, b []byte, wait time.Duration) (n int, err error)
	// WaitReadable waits at most wait for bytes or the end of the stream without
	// reading, so that a long wait holds no buffer. It can return early if
	// waiting would cost more than it saves.
	WaitReadable(t Task, wait time.Duration) error
	// Splice moves available bytes, at most n, to dst without copying them
	// through this process. It waits at most readWait (0 = no limit) for the
	// first byte, and for dst as Write does. moved counts the bytes taken from
	// c. readErr is io.EOF at the end of c's stream, and ErrNoSplice if the
	// system does not support it or a layer stands under c or dst.
	Splice(t Task, dst Conn, n int64, readWait, writeWait time.Duration) (moved int64, readErr, writeErr error)
	// SendFile writes n bytes of a file, from an offset, without copying them through
	// this process. It waits for the peer as Write does. sent counts the bytes that were
	// written. readErr is an error of from or of the file, after which the connection can
	// only be closed. io.ErrUnexpectedEOF says that the file is too short. After
	// ErrNoSplice, the rest can be written with Write: the system does not support it, or
	// a layer stands under the connection.
	SendFile(t Task, from FileSource, off, n int64, wait time.Duration) (sent int64, readErr, writeErr error)
	// Ended reports whether the peer has ended its stream. Bytes before the end
	// may still be unread. Ended is false if the system cannot tell.
	Ended() bool
	// CloseWrite ends the stream towards the peer.
	CloseWrite() error
	// Close closes the connection; a second call does nothing. A task that
	// waits on it gets net.ErrClosed.
	Close() error
	// CloseLater closes a resting upstream connection. Any goroutine that has
	// taken the connection from where it rested can call it.
	CloseLater()

	// Loop returns the loop that the connection belongs to. Only tasks of that
	// loop may use the connection.
	Loop() *Loop
	// Layer returns the layer under the connection, or nil.
	Layer() Layer
	// Listener returns the listener that accepted the client, or nil for a
	// connection to an upstream.
	Listener() *Listener
	// Peer returns the client's address, or the zero AddrPort for unix sockets. Once
	// an Opening has learnt about the client of a proxy, it is the address of that
	// client, and Local and Port are what that client has connected to.
	Peer() netip.AddrPort
	// Local returns the address that the client has connected to, or the zero
	// AddrPort for unix sockets. It asks the system each time.
	Local() netip.AddrPort
	// Port returns the port that the client has connected to, in digits, or "" for
	// unix sockets.
	Port() string
	// Anonymous reports whether an Opening has learnt that the client is another than
	// Peer, which has passed the connection on without saying whose it is.
	Anonymous() bool
	// Rest tells the driver that this upstream connection is between two
	// requests. Until it is used again, any event on it, or the moment until,
	// closes it.
	Rest(until Time)
	// Alive ends the rest. It returns false if the peer has closed the
	// connection or sent bytes that nobody asked for. The connection is then
	// closed.
	Alive() bool
	// Stash returns the bytes that the last Verdict left with the connection,
	// and forgets them.
	Stash() []byte
	// Until returns the Until of the last Verdict.
	Until() Time
	// Expired reports whether Serve was called because the Until of the last
	// Verdict passed rather than because there is something to read.
	Expired() bool
}

// A Task is one run of straight-line code. Only that code calls its methods,
// except for Wake.
type Task interface {
	// Loop returns the loop that runs the task.
	Loop() *Loop
	// Now returns the current moment; in the epoll driver, the moment of the
	// last event.
	Now() Time
	// SetDeadline sets a moment after which every later wait of this task ends
	// with ErrTimeout. The zero Time removes the deadline.
	SetDeadline(until Time)
	// Park waits for Wake, until the given moment at the latest. An earlier Wake
	// is not lost. Park returns nil, ErrTimeout, ErrGone or ErrStopped.
	Park(until Time) error
	// Wake ends the current Park or the next one. Any goroutine can call it.
	Wake()
	// Spend counts pieces of work that the task has done with bytes already
	// read, such as the chunks of a body: small pieces, of which a buffer can
	// hold thousands. A task that has used up its turn lets others go first at
	// its next read or write.
	Spend(pieces int)
	// Aside says whether Driver.Quiet need not wait for the task, or for the
	// connection that it serves: it is no more than a tunnel that the task itself
	// relays. It is for the task of a connection or a Job, and ends with it.
	Aside(on bool)
	// Share lets goroutines that the task has made ready run before the loop waits
	// for events. A loop that expects events soon would otherwise keep its
	// processor while it waits for them.
	Share()
	// Watch makes every wait of this task end with ErrGone within a second after
	// the peer of c is gone for good.
	//
	// A peer that has only ended its own stream need not be gone, and a TCP
	// socket cannot tell the two apart. So, after half a second, Watch writes
	// probe to that peer once, and a peer that is gone answers with a reset.
	// With a nil probe, a peer that has ended its stream counts as gone half a
	// second later, even for a task that starts new watches all the time; see
	// Conn.Ended. With an empty probe that is not nil, only a broken connection
	// counts as gone. A connection that its layer has found broken is broken.
	//
	// A nil c ends the watch, and a new c replaces the old one. Both take back
	// an ErrGone. Watch returns how many bytes of the probe were written in the
	// watch that ends.
	Watch(c Conn, probe []byte) (probed int)
	// Dial connects to an upstream. If the upstream has no room in its backlog,
	// or this process has no descriptor to spare, Dial keeps trying for at most
	// wait (0 = no limit), and then returns ErrTimeout, or ErrShort if there is
	// no descriptor. It closes idle connections to free a descriptor. A severed
	// upstream refuses the connection (syscall.ECONNREFUSED).
	Dial(to *Upstream, wait time.Duration) (Conn, error)
	// OnHeld makes the task call f, once, as soon as a peer does not take bytes at
	// once: before the wait for it in Conn.Write, or in Conn.Splice for dst.
	// taken counts the bytes that the Splice has taken until then, and is 0 for a
	// Write. The Splice takes no more, and returns once dst has those bytes, so
	// that f can let another task have what follows. f runs in the task, and can
	// start a Fork. A nil f takes back the last call.
	OnHeld(f func(taken int64))
	// Fork runs f in its own task beside this one, on the same loop. The caller
	// must have called Fork.Wait before it returns, or had another Fork call it.
	Fork(f func(Task)) Fork
	// Go runs f in a new task on the same loop. The new task has no connection
	// and can outlive this one. Driver.Run waits for it as for a connection
	// being served. A panic in f ends only f.
	Go(f func(Task)) Job
	// Tunnel hands both connections to the driver, which moves bytes both ways
	// until both streams have ended or one side fails. The driver then closes
	// both and calls done. The task's code returns the Verdict.
	Tunnel(a, b Conn, done func()) Verdict
	// Stopping reports whether the driver is shutting down. Code that would keep
	// its connection should end it.
	Stopping() bool
}

// A Fork is a task that runs beside the one that started it.
type Fork interface {
	// Interrupt makes the fork's current and later waits end with ErrEnough.
	Interrupt()
	// Wait waits, in the task t, until the fork's function has returned. Nothing
	// cuts it short: what the fork uses must stay valid until it has ended.
	Wait(t Task)
}

// A Job is a task that Task.Go has started. It can serve one of many requests
// on the same connection.
type Job interface {
	// Cancel makes the current and later waits of the job end with ErrGone, as
	// if the peer of a watched connection were gone. The job's next Watch takes
	// that back, so that a canceled job can wait while it cleans up. After the
	// job has ended, Cancel does nothing. Any goroutine can call it.
	Cancel()
	// Wait waits, in the task t, until the job's function has returned. Nothing cuts
	// it short. One task can wait for a job at a time.
	Wait(t Task)
}

// A Verdict says what happens to a client's connection when the code that
// served it returns. The zero Verdict closes it.
type Verdict struct {
	Op    Op
	Until Time   // Rest: when to give up; the zero Time means never
	Stash []byte // Rest: bytes that were read and belong to the next call of Serve; the driver keeps them
}

// An Op is the kind of a Verdict.
type Op uint8

// The kinds of verdict.
const (
	Close  Op = iota // close at once
	Linger           // end our stream, discard incoming bytes until the client is silent for 5 s, for 30 s at most (2 s if its layer has opened nothing), then close: a plain close would lose an answer to a client that is still sending. This holds no task.
	Rest             // wait for more to read, holding nothing
	Taken            // the driver already has it, see Task.Tunnel
	Reset            // close so that the peer sees a broken connection, not the end of the stream, if the transport can express that
)

// A Handler serves client connections. It can be a Shedder.
type Handler interface {
	// Serve runs in its own task when c may have something to read, or when
	// Verdict.Until has passed with bytes in the stash. A panic in Serve ends
	// only this connection.
	Serve(t Task, c Conn) Verdict
}

// A Driver accepts and drives connections.
type Driver interface {
	// Add takes over a listener and accepts clients on it while Run runs. It
	// fails with ErrStopped after Shutdown, and on a listener that the driver
	// cannot use. If it fails, it has closed the listener. Any goroutine can
	// call it.
	Add(ln *Listener) error
	// Remove stops accepting on a listener. Clients that have already connected
	// are served, and the socket is closed a moment later, see Listener.Closed.
	// Remove affects no connection and no other listener. Listener.Leaving is
	// true from now on. A second call does nothing. Any goroutine can call it.
	// (The kernel holds back a new TCP connection that sends nothing for a
	// second. Closing the socket resets it.)
	Remove(ln *Listener)
	// Run serves until Shutdown, and returns when every connection and every
	// listener is closed. It can be called once.
	Run() error
	// Shutdown makes Run stop accepting, close resting client connections and
	// wait for the others. Any goroutine can call it, more than once.
	Shutdown()
	// Quiet returns a channel that is closed when, after Shutdown, no Job runs
	// and the only client connections left are tunnels, which only their peers
	// can end, and lingering connections, which end within two seconds. Tasks that
	// are aside (Task.Aside) do not count.
	Quiet() <-chan struct{}
	// Abort ends what Shutdown waits for: every wait of every task ends with
	// ErrStopped, and connections are closed. Bytes that can be written without
	// waiting are still written.
	Abort()
	// Procs returns the number of processors that the driver can use well, at
	// least 1: one for each event loop, or, in the goroutine driver, the share
	// of the processors that connections should have, plus Options.Beside. It
	// does not count work unrelated to connections.
	Procs() int
	// Loops returns the loops of the driver. They never change.
	Loops() []*Loop
	// Beat makes each loop call f in its next turn. A loop that is stuck does not call
	// it, nor does one that has ended. f must not wait. Any goroutine can call Beat.
	Beat(f func(*Loop))
	// Name returns the name of the driver, for the log.
	Name() string
}
