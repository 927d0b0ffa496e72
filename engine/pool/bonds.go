package pool

import "github.com/ldcorn/ldcorn/engine/affinity"

// Bonds returns what binds clients to the pool's workers. It lives as long as
// the pool. The sessions of a retired worker are forgotten.
func (p *Pool) Bonds() *affinity.Bonds[*Worker] { return &p.bonds }

// LearnSession records that the worker has the session with an id, unless it is
// retired, or another worker has it that is not. Any goroutine that holds, or
// held, a claim on the worker can call it.
func (w *Worker) LearnSession(id []byte) {
	bonds := &w.pool.bonds
	for {
		holder := bonds.Learn(id, w)
		w.pool.mu.Lock()
		retired := holder.retired
		w.pool.mu.Unlock()
		if !retired {
			return
		}
		bonds.EndAt(id, holder) // perhaps after its sessions were forgotten
		if holder == w {
			return
		}
	}
}
