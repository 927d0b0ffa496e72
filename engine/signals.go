package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// errStop is the cause of a requested stop.
var errStop = errors.New("asked to stop")

// errSignal is an errStop of TERM or INT, so that one more of them cuts the requests.
var errSignal = fmt.Errorf("%w", errStop)

// The signals that a master handles. By default, the Go runtime would end the
// process on HUP, INT and TERM, print every goroutine on QUIT, and do nothing
// on the others. A write to a closed pipe sends PIPE: a master whose log has
// lost its reader keeps serving.
var (
	stopSignals  = []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT}
	otherSignals = []os.Signal{syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2}
)

// signals turns the process's signals into channels. The first TERM, INT or
// QUIT closes stop, and the second TERM or INT closes hurry; QUIT never cuts
// off a request, however often it comes. A signal that ends the delay of a stop does
// nothing else. Any number of HUPs cause one pending
// reload, and any number of USR1s one pending reopening of the logs.
type signals struct {
	stop   chan struct{}
	hurry  chan struct{}
	reload chan struct{} // has capacity 1
	reopen chan struct{} // has capacity 1
	name   string        // name of the signal that closed stop; set before that
	delay  *delay

	log    *slog.Logger
	stops  chan os.Signal // separate, so that a flood of other signals cannot displace a stop
	others chan os.Signal
	quit   chan struct{}
	done   sync.WaitGroup
}

// catchSignals starts to catch signals; release stops it.
func catchSignals(log *slog.Logger) *signals {
	s := &signals{
		stop: make(chan struct{}), hurry: make(chan struct{}),
		reload: make(chan struct{}, 1), reopen: make(chan struct{}, 1),
		delay: newDelay(), log: log, stops: make(chan os.Signal, 16), others: make(chan os.Signal, 16), quit: make(chan struct{}),
	}
	ignoreLibrarySignals()
	signal.Notify(dropped, syscall.SIGPIPE)
	signal.Notify(s.stops, stopSignals...)
	signal.Notify(s.others, otherSignals...)
	s.done.Go(s.watch)
	return s
}

// dropped receives every PIPE, and all signals after release. Nobody reads it.
var dropped = make(chan os.Signal, 1)

// release stops catching signals. Later signals do nothing: a stopped master
// only has to write its log, and neither a signal nor a closed pipe may change
// how it exits.
func (s *signals) release() {
	signal.Notify(dropped, stopSignals...) // first, so that there is no gap
	signal.Notify(dropped, otherSignals...)
	signal.Stop(s.stops)
	signal.Stop(s.others)
	close(s.quit)
	s.done.Wait()
}

func (s *signals) watch() {
	var stops, harder int // number of signals to stop, and of those that may cut off requests
	for {
		select {
		case sig := <-s.stops:
			if stops > 0 && s.delay.cut() {
				s.log.Info("shutdown_delay ended early", "signal", unix.SignalName(sig.(syscall.Signal)))
				continue
			}
			stops++
			if sig != syscall.SIGQUIT {
				harder++
			}
			s.requestStop(sig, stops, harder)
		case sig := <-s.others:
			s.other(sig, stops > 0)
		case <-s.quit:
			return
		}
	}
}

func (s *signals) other(sig os.Signal, stopping bool) {
	switch {
	case sig == syscall.SIGUSR1:
		request(s.reopen)
	case sig == syscall.SIGUSR2:
		s.log.Warn("signal ignored", "signal", "SIGUSR2",
			"reason", "there is no in-place upgrade; HUP reloads, USR1 reopens the logs, TERM or QUIT stops")
	case stopping:
		s.log.Warn("signal ignored", "signal", "SIGHUP", "reason", "stopping")
	default:
		request(s.reload) // a pending reload will read the latest file
	}
}

// request fills a channel of capacity 1, unless it is full.
func request(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (s *signals) requestStop(sig os.Signal, stops, harder int) {
	switch {
	case stops == 1:
		s.name = sig.String()
		close(s.stop)
	case harder < 2:
		s.log.Info("already stopping", "signal", unix.SignalName(sig.(syscall.Signal)),
			"reason", "finishing the requests in flight; TERM or INT twice does not wait for them")
	case harder == 2 && sig != syscall.SIGQUIT:
		close(s.hurry)
	}
}

// stopContext returns a context that the first TERM, INT or QUIT cancels with a
// cause that is an errStop.
func (s *signals) stopContext(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	s.done.Go(func() {
		select {
		case <-s.stop:
			why := errSignal
			if s.name == syscall.SIGQUIT.String() {
				why = errStop
			}
			cancel(fmt.Errorf("%w: %s", why, s.name))
		case <-s.quit:
		}
	})
	return ctx, func() { cancel(nil) }
}
