package pool

// Served returns how many requests the worker has been given in total,
// including those in flight and those that became tunnels, but not health
// checks.
func (w *Worker) Served() uint64 {
	if w.pool == nil {
		return 0
	}
	w.pool.mu.Lock()
	defer w.pool.mu.Unlock()
	return w.served
}
