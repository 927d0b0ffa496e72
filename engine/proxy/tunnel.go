package proxy

import "github.com/ldcorn/ldcorn/engine/netloop"

// becomeTunnel relays the worker's 101, and what either side has sent already
// of what follows.
func (x *exchange) becomeTunnel() error {
	x.out = x.appendHead(x.out[:0], &answerHead{status: x.res.Status, reason: x.res.Reason, fields: x.res.Fields, edits: &x.toClient, switches: true})
	x.begun = true
	x.rec.Status = x.res.Status
	if err := x.write(x.out, x.back.bytes()); err != nil {
		return err
	}
	if early := x.in.bytes()[x.headLen:]; len(early) > 0 {
		if _, err := x.up.Write(x.t, early, nil, x.p.stall); err != nil {
			x.broken = true
			return errCut
		}
	}
	return errTaken
}

// taken hands both connections over. The slot stays claimed until the tunnel
// ends, which may be in hours: no buffer is held meanwhile.
func (x *exchange) taken() netloop.Verdict {
	claim, up := x.claim.ToTunnel(), x.up
	x.up = nil
	x.dropBack()
	return x.t.Tunnel(x.c, up, claim.Release)
}
