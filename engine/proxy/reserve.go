package proxy

import "github.com/ldcorn/ldcorn/engine/plan"

const (
	// reserveOfMaster is for the control socket and its clients, for scrapes,
	// for files that a reload reads, and for starting one worker.
	reserveOfMaster = 24
	// reserveOfWorker is for the pipes of a worker and the descriptors of its
	// processes.
	reserveOfWorker = 4
)

// reserveOf returns how many file descriptors connections leave to the rest of the
// master, so that a reload can start a second set of workers, and bodies can wait in
// files, whatever clients do.
func reserveOf(p *plan.Plan) int {
	n := reserveOfMaster + bufferFiles(p)
	for _, group := range p.Groups {
		n += reserveOfWorker * group.Instances
	}
	return n
}
