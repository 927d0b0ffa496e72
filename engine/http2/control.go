package http2

import (
	"golang.org/x/net/http2"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// maxControl is from how many bytes of frames that are not about answers, and that a
// client has not taken, nothing more is read from it (CVE-2019-9512, CVE-2019-9515).
const maxControl = 16 << 10

// sayControl has a frame sent before anything else.
func (k *conn) sayControl(add func([]byte) []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.say(add)
}

// say is sayControl. The caller holds mu.
func (k *conn) say(add func([]byte) []byte) {
	if !k.over {
		k.control = add(k.control)
		k.wake()
	}
}

// awaitControlRoom waits until the client takes what is said to it.
func (k *conn) awaitControlRoom(t netloop.Task) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	defer func() { k.held = nil }()
	for len(k.control) > maxControl && !k.over {
		k.held = t
		k.mu.Unlock()
		err := t.Park(0)
		k.mu.Lock()
		if err != nil {
			return err
		}
	}
	return nil
}

// takeCosts returns what the client's faults have cost, and how many bytes of bodies it
// was sent, since the last call.
func (k *conn) takeCosts() (faults, paid int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	paid, k.paid = k.paid, 0
	return k.blame.take(), paid
}

// greet says what the client may do.
func (k *conn) greet(headSize int) {
	k.control = appendSettings(k.control,
		http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: maxStreams},
		http2.Setting{ID: http2.SettingInitialWindowSize, Val: streamWindow},
		http2.Setting{ID: http2.SettingMaxFrameSize, Val: maxFrame},
		http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: uint32(headSize)},
		http2.Setting{ID: http2.SettingEnableConnectProtocol, Val: 1},
		http2.Setting{ID: http2.SettingNoRFC7540Priorities, Val: 1},
	)
	k.control = appendWindow(k.control, noStream, connWindow-defaultWindow)
}

// maxSettings is how many settings a frame can have: each can cost work for each stream.
const maxSettings = 100

// takeSettings takes what the client says about itself.
func (k *conn) takeSettings(f *http2.SettingsFrame) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if f.IsAck() {
		if k.acked {
			return http2.ConnectionError(http2.ErrCodeProtocol)
		}
		k.acked = true
		return nil
	}
	if f.NumSettings() > maxSettings {
		return http2.ConnectionError(http2.ErrCodeEnhanceYourCalm)
	}
	initial := k.initial
	err := f.ForeachSetting(func(s http2.Setting) error {
		if s.ID == http2.SettingInitialWindowSize {
			initial = int64(s.Val) // the last one counts, and costs as much as one
		}
		return k.takeSetting(s)
	})
	if err == nil {
		err = k.changeWindows(initial)
	}
	if err != nil {
		return err
	}
	k.say(appendSettingsAck)
	if !k.greeted {
		k.greeted = true
		k.rests()
	}
	return nil
}

// takeSetting takes a setting that is not about windows. The caller holds mu.
func (k *conn) takeSetting(s http2.Setting) error {
	if err := s.Valid(); err != nil {
		return err
	}
	if s.ID == http2.SettingHeaderTableSize {
		k.encoder.enc.SetMaxDynamicTableSize(min(s.Val, tableSize))
	}
	return nil
}

// takeReset ends a stream that the client has no more use for.
func (k *conn) takeReset(id uint32) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.isIdle(id) {
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	if st := k.find(id); st != nil {
		st.abandon()
		k.tidy(st)
	}
	return nil
}

// punish resets a stream because of an error of the client.
func (k *conn) punish(id uint32, code http2.ErrCode) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	st := k.find(id)
	if st == nil && k.isIdle(id) {
		return http2.ConnectionError(code)
	}
	if st == nil && k.isMute(id) {
		k.blame.cost++
		return nil
	}
	k.blame.add(id, code)
	if st == nil {
		k.sayReset(id, code)
		return nil
	}
	k.reset(st, code)
	return nil
}

// reset resets a stream. The caller holds mu, and does not use the stream any more.
func (k *conn) reset(st *stream, code http2.ErrCode) {
	k.sayReset(st.id, code)
	st.abandon()
	k.tidy(st)
}

// sayReset tells the client that a stream is over. It may not know that yet, so what it
// sends meanwhile is no error. The caller holds mu.
func (k *conn) sayReset(id uint32, code http2.ErrCode) {
	if len(k.mute) < maxMute {
		k.mute = append(k.mute, id)
	} else {
		k.mute[k.muted%maxMute] = id
	}
	k.muted++
	k.say(func(b []byte) []byte { return appendReset(b, id, code) })
}

// maxMute is how many streams that were reset are remembered. A client can have
// maxStreams that are answered early, and as many behind them, before it knows.
const maxMute = 4 * maxStreams

// isMute reports whether what comes on a stream is of no interest: it is one that was
// reset lately, or one that GOAWAY rejects. The caller holds mu.
func (k *conn) isMute(id uint32) bool {
	if id > k.last {
		return true
	}
	for _, m := range k.mute {
		if m == id {
			return true
		}
	}
	return false
}
