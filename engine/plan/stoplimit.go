package plan

import "time"

// StopSlack is how long a stop takes at most besides what the configuration limits: events
// are told, and what workers have left behind ends.
const StopSlack = 5 * time.Second

// StopLimit returns how long a master with the plan takes at most to stop: shutdown_delay,
// shutdown_timeout, the longest stop_timeout, and StopSlack, twice if there are hooks.
func (p *Plan) StopLimit() time.Duration {
	var longest time.Duration
	for _, g := range p.Groups {
		longest = max(longest, g.StopTimeout)
	}
	out := p.ShutdownDelay + p.ShutdownTimeout + longest + StopSlack
	if len(p.OnEvent) > 0 {
		out += StopSlack
	}
	return out
}
