package accesslog

import (
	"log/slog"
	"time"
)

// A writer is the goroutine that writes, and what only it knows.
type writer struct {
	l     *Log
	stop  chan struct{} // closed when the rest is to be written
	done  chan struct{} // closed when it was
	spare []byte
	lost  int       // lines that were not written and not told of yet
	err   error     // of the flush at hand
	told  time.Time // when
	ill   bool      // lines were lost since all was well
}

func (w *writer) run() {
	defer close(w.done)
	for {
		select {
		case <-w.l.filled:
			w.flush()
		case <-w.stop:
			w.flush()
			w.close()
			return
		}
	}
}

// flush writes all that there is, the targets that were replaced first.
func (w *writer) flush() {
	l := w.l
	l.mu.Lock()
	retired, target, chunk, lost := l.retired, l.target, l.buf, l.lost
	l.retired, l.buf, l.lost = nil, w.spare[:0], 0
	l.mu.Unlock()
	for _, t := range retired {
		w.write(t, t.rest)
		w.closeTarget(t)
	}
	w.write(target, chunk)
	if w.lost += lost; lost > 0 || len(chunk) > 0 || w.err != nil {
		w.tell(lost > 0 || w.err != nil)
	}
	w.err = nil
	if w.spare = chunk[:0]; cap(chunk) > maxBuffer/8 {
		w.spare = nil
	}
}

// write writes whole lines, and counts them as lost where that fails.
func (w *writer) write(t *Target, lines []byte) {
	if t == nil || len(lines) == 0 {
		return
	}
	if n, err := t.out.Write(lines); err != nil {
		w.err = err
		w.lost += countLines(lines[min(n, len(lines)):])
	}
}

// tell says in the master's log that lines are lost, and later that none are
// any more.
func (w *writer) tell(losing bool) {
	log := w.l.opts.Log
	switch {
	case losing && (!w.ill || time.Since(w.told) >= toldEvery):
		reason := slog.String("reason", "it is read too slowly")
		if w.err != nil {
			reason = slog.Any("err", w.err)
		}
		log.Error("access log lines are lost", slog.Int("lines", w.lost), reason)
		w.ill, w.told, w.lost = true, time.Now(), 0
	case !losing && w.ill && w.lost == 0:
		w.ill = false
		log.Info("access log is written again")
	case !losing && w.ill:
		log.Info("access log is written again", slog.Int("lost", w.lost))
		w.ill, w.lost = false, 0
	}
}

func (w *writer) closeTarget(t *Target) {
	if err := t.Close(); err != nil {
		w.l.opts.Log.Error("access log not closed", slog.Any("err", err))
	}
}

// close closes the target in use.
func (w *writer) close() {
	w.l.mu.Lock()
	t := w.l.target
	w.l.target = nil
	w.l.on.Store(false)
	w.l.mu.Unlock()
	if t != nil {
		w.closeTarget(t)
	}
}

func countLines(b []byte) (n int) {
	for _, c := range b {
		if c == '\n' {
			n++
		}
	}
	return n
}
