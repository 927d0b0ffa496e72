package proxy

import (
	"syscall"

	"github.com/ldcorn/ldcorn/engine/filework"
	"github.com/ldcorn/ldcorn/engine/plan"
)

const (
	// reserveOfMaster is for the control socket and its clients, for scrapes,
	// for files that a reload reads, and for starting one worker.
	reserveOfMaster = 24
	// reserveOfWorker is for the pipes of a worker and the descriptors of its
	// processes.
	reserveOfWorker = 4
	// reserveOfStatic is for what the file workers of a folder open: the folder itself,
	// and a file and its precompressed variant each.
	reserveOfStatic = 1 + 2*filework.Workers

	mostStaticFiles = 512
)

// staticFiles returns how many files of statics are kept open: a sixteenth of the limit
// of the process.
func staticFiles(p *plan.Plan) int {
	var lim syscall.Rlimit
	if len(p.Statics) == 0 || syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim) != nil {
		return 0
	}
	return int(min(lim.Cur/16, mostStaticFiles))
}

// reserveOf returns how many file descriptors connections leave to the rest of the
// master, so that a reload can start a second set of workers, and bodies can wait in
// files, whatever clients do.
func reserveOf(p *plan.Plan) int {
	n := reserveOfMaster + bufferFiles(p) + staticFiles(p) + reserveOfStatic*len(p.Statics)
	for _, group := range p.Groups {
		n += reserveOfWorker * group.Instances
	}
	return n
}
