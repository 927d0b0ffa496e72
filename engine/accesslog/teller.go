package accesslog

import (
	"log/slog"
	"sync"
	"time"
)

// toldEvery is the least time between two messages about lost lines in the
// master's log.
const toldEvery = 10 * time.Second

// A teller reports in the master's log that lines of the access log are lost,
// and when that has ended.
type teller struct {
	log *slog.Logger

	mu   sync.Mutex // guards all fields below: two streams share it during a switch
	lost int        // lost lines not reported yet
	at   time.Time  // when lost lines were last reported
	ill  bool       // lines were lost, and the end of that has not been reported
}

// after processes the result of an attempt to write.
func (t *teller) after(lost int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
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

// end reports the lost lines that were not reported yet, once a stream has ended.
func (t *teller) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lost > 0 {
		t.log.Error("access log lines are lost", slog.Int("lines", t.lost), slog.String("reason", "it is read too slowly, or cannot be written"))
		t.at, t.lost = time.Now(), 0
	}
}

// notClosed processes an error from closing a target.
func (t *teller) notClosed(err error) { t.log.Error("access log not closed", slog.Any("err", err)) }
