package plan

// A Discipline is the order in which requests that wait get a slot.
type Discipline string

// The disciplines. The zero Discipline, as in a Group that is not from
// NewGroup, means DisciplineAdaptive.
const (
	DisciplineAdaptive Discipline = "adaptive" // first come, first served; the newest first while waiters give up
	DisciplineFIFO     Discipline = "fifo"     // first come, first served
)
