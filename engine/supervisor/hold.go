package supervisor

// Hold makes the requests of a group wait in its queue, within the queue's
// limits, until Release: while a database migrates, say. Requests in flight go
// on. A reload keeps it, but for a group that is removed and added again. Safe
// from any goroutine.
func (s *Supervisor) Hold(name string) error {
	g, err := s.group(name)
	if err != nil {
		return err
	}
	g.pool.Hold()
	g.log.Info("pool held")
	return nil
}

// Release ends what Hold has begun; on a group that is not held it does
// nothing. Safe from any goroutine.
func (s *Supervisor) Release(name string) error {
	g, err := s.group(name)
	if err != nil {
		return err
	}
	if g.pool.Held() {
		g.pool.Resume()
		g.log.Info("pool released")
	}
	return nil
}
