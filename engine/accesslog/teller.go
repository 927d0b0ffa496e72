package accesslog

import (
	"log/slog"
	"time"
)

// toldEvery is how often the master's log says that lines are lost, at most.
const toldEvery = 10 * time.Second

// A teller says in the master's log that lines of the access log are lost, and
// when that has ended. The goroutine that writes the access log owns it.
type teller struct {
	log  *slog.Logger
	lost int       // lines that the master's log does not know of
	at   time.Time // when it said that lines are lost
	ill  bool      // lines were lost, and it has not said that this has ended
}

// after takes the outcome of an attempt to write.
func (t *teller) after(lost int, err error) {
	t.lost += lost
	switch losing := lost > 0 || err != nil; {
	case losing && (!t.ill || time.Since(t.at) >= toldEvery):
		reason := slog.String("reason", "it is read too slowly")
		if err != nil {
			reason = slog.Any("err", err)
		}
		t.log.Error("access log lines are lost", slog.Int("lines", t.lost), reason)
		t.ill, t.at, t.lost = true, time.Now(), 0
	case losing || !t.ill:
	case t.lost == 0:
		t.log.Info("access log is written again")
		t.ill = false
	default:
		t.log.Info("access log is written again", slog.Int("lost", t.lost))
		t.ill, t.lost = false, 0
	}
}

// notClosed takes the error of closing a target.
func (t *teller) notClosed(err error) { t.log.Error("access log not closed", slog.Any("err", err)) }
