package pool

import "github.com/ldcorn/ldcorn/engine/affinity"

// Bonds returns what binds clients to the pool's workers. It lives as long as
// the pool. The sessions of a retired worker are forgotten.
func (p *Pool) Bonds() *affinity.Bonds[*Worker] { return &p.bonds }

// LearnSession records that the worker has the session with an id, unless it is
// retired. Any goroutine that holds, or held, a claim on the worker can call
// it.
func (w *Worker) LearnSession(id []byte) {
	w.pool.bonds.Learn(id, w)
	w.pool.mu.Lock()
	retired := w.retired
	w.pool.mu.Unlock()
	if retired { // perhaps after its sessions were forgotten
		w.pool.bonds.End(id)
	}
}
