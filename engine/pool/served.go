package pool

// Served counts the requests that the worker was ever given: those in flight,
// and those that became tunnels, too. Health checks are none.
func (w *Worker) Served() uint64 {
	if w.pool == nil {
		return 0
	}
	w.pool.mu.Lock()
	defer w.pool.mu.Unlock()
	return w.served
}
