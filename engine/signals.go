package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// errStop is the cause of a stop that was asked for.
var errStop = errors.New("asked to stop")

// signals turns the process's signals into channels: the first TERM or INT
// closes stop, a second one closes hurry, and any number of HUPs is one
// pending reload. USR1, USR2 and PIPE, which would end the process, do nothing:
// a master whose log nobody reads any more serves on.
type signals struct {
	stop   chan struct{}
	hurry  chan struct{}
	reload chan struct{} // holds one
	name   string        // of the first TERM or INT; set before stop is closed

	in   chan os.Signal
	quit chan struct{}
	done sync.WaitGroup
}

// catchSignals starts to catch; release ends it.
func catchSignals() *signals {
	s := &signals{
		stop: make(chan struct{}), hurry: make(chan struct{}), reload: make(chan struct{}, 1),
		in: make(chan os.Signal, 8), quit: make(chan struct{}),
	}
	signal.Notify(s.in, syscall.SIGTERM, os.Interrupt, syscall.SIGHUP,
		syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGPIPE)
	s.done.Go(s.watch)
	return s
}

func (s *signals) release() {
	signal.Stop(s.in)
	close(s.quit)
	s.done.Wait()
}

func (s *signals) watch() {
	stops := 0
	for {
		select {
		case sig := <-s.in:
			switch sig {
			case syscall.SIGHUP:
				s.requestReload()
			case syscall.SIGTERM, os.Interrupt:
				stops++
				s.requestStop(sig, stops)
			}
		case <-s.quit:
			return
		}
	}
}

func (s *signals) requestReload() {
	select {
	case s.reload <- struct{}{}:
	default: // one is pending, and will read the newest file
	}
}

func (s *signals) requestStop(sig os.Signal, times int) {
	switch times {
	case 1:
		s.name = sig.String()
		close(s.stop)
	case 2:
		close(s.hurry)
	}
}

// stopContext is cancelled by the first TERM or INT, with a cause that is an
// errStop.
func (s *signals) stopContext(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	s.done.Go(func() {
		select {
		case <-s.stop:
			cancel(fmt.Errorf("%w: %s", errStop, s.name))
		case <-s.quit:
		}
	})
	return ctx, func() { cancel(nil) }
}
