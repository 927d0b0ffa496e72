package pool

// SetLedger gives the pool what its observer keeps about it, so that who is
// told of a request finds that without a look-up. All values that one pool is
// given are of one type, and not nil.
func (p *Pool) SetLedger(ledger any) { p.ledger.Store(ledger) }

// Ledger is what SetLedger was given last; nil before.
func (p *Pool) Ledger() any { return p.ledger.Load() }
