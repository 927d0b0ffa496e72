package proxy

// becomeTunnel relays the worker's 101, and what either side has sent already
// of what follows.
func (a *attempt) becomeTunnel() error {
	r := a.r
	r.answer = AnswerHead{Status: a.res.Status, Reason: a.res.Reason, Fields: a.res.Fields, edits: &r.toClient, Length: -1}
	r.rec.Status = a.res.Status
	if r.gone {
		return ErrClientGone
	}
	a.bindClient()
	r.noteAnswer()
	r.begun = true
	if err := r.client.Switch(r.t, &r.answer, a.back.bytes()); err != nil {
		return r.clientFailed(err)
	}
	if early := r.client.Early(); len(early) > 0 {
		if _, err := a.up.Write(r.t, early, nil, r.p.stall); err != nil {
			a.broken = true
			return errCut
		}
	}
	return errTaken
}

// handOver hands both connections over. The slot stays claimed until the tunnel
// ends, which may be in hours: no buffer is held meanwhile.
func (a *attempt) handOver() {
	unlist := a.r.listSocket()
	claim, up := a.claim.ToTunnel(), a.up
	a.up = nil
	a.dropBack()
	a.r.client.Tunnel(a.r.t, up, func() {
		unlist()
		claim.Release()
	})
}
