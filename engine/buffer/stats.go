package buffer

// Stats are what a Space holds, and what it has done since it was made.
type Stats struct {
	Memory  int64             // bytes in memory
	Disk    int64             // bytes in files
	Files   int               // open files
	Spills  uint64            // buffers of which a part went to a file
	Waiting int               // requests in AwaitShare and AwaitTurn
	Refused map[Reason]uint64 // how often bytes were not taken
	Limits  Limits            // with the folder in use
	NoDisk  string            // why the folder cannot be used; "" if it can, or no files are wanted
}

// Stats returns what the Space holds and has done.
func (s *Space) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := Stats{Memory: s.held.memory, Disk: s.held.disk, Files: s.held.files, Spills: s.spills, Waiting: s.heldBack, Limits: s.limits,
		Refused: make(map[Reason]uint64, len(Reasons))}
	for _, r := range Reasons {
		all.Refused[r] = s.notes.count[r]
	}
	switch {
	case s.unfit != nil:
		all.NoDisk = s.unfit.Error()
	case s.folder != nil && !s.ready:
		all.NoDisk = "the folder is being checked"
	}
	return all
}
