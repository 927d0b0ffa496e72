package masterlog

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"time"
)

// tooSlow is the usual reason why lines are missing.
const tooSlow = "this was read too slowly"

// LostLines returns the line, in the format of the log, that says how many
// lines a reader of the book has missed.
func (l *Log) LostLines(n uint64) []byte { return l.missing(n, tooSlow) }

// missing returns a line that says how many lines are missing, and why.
func (l *Log) missing(n uint64, reason string) []byte {
	var line bytes.Buffer
	r := slog.NewRecord(time.Now(), slog.LevelWarn, fmt.Sprintf("%d lines are missing here: %s", n, reason), 0)
	_ = newHandler(&line, l.opts.Format, slog.LevelInfo).Handle(context.Background(), r) // memory never fails
	return line.Bytes()
}

// A teller reports in the log itself that lines of it are lost. The goroutine
// that writes the log owns it.
type teller struct {
	log  *Log
	lost int   // lines that the log has not reported yet
	err  error // the error that lost some of them
}

// after handles the result of an attempt to write. The log can report lost
// lines only once it can be written again.
func (t *teller) after(lost int, err error) {
	t.lost += lost
	if err != nil {
		t.err = err
	}
	if t.lost == 0 || err != nil {
		return
	}
	reason := tooSlow
	if t.err != nil {
		reason = t.err.Error()
	}
	line := t.log.missing(uint64(t.lost), reason)
	if t.log.isTerminal() {
		line = t.log.missingOnTerminal(t.lost, reason)
	}
	_, _ = t.log.opts.Out.Write(line) // the next attempt reports an error
	t.lost, t.err = 0, nil
}
