package proc

import (
	"time"

	"github.com/prometheus/procfs"
)

// ticks is how many clock ticks the kernel counts in a second.
const ticks = 100

// Name returns the name of the program that the process runs, as the kernel
// reports it: at most 15 bytes, of any kind. It returns "" if the process has
// exited.
func (p *Process) Name() string {
	found, err := p.found()
	if err != nil {
		return ""
	}
	name, _ := found.Comm() // empty if there is an error
	return name
}

// Command returns the command line of the process, which can have any contents,
// or nil if it is not known.
func (p *Process) Command() []string {
	found, err := p.found()
	if err != nil {
		return nil
	}
	words, _ := found.CmdLine() // empty if there is an error
	return words
}

// Folder returns the folder that the process runs in, or "" if we may not know
// it.
func (p *Process) Folder() string {
	found, err := p.found()
	if err != nil {
		return ""
	}
	dir, _ := found.Cwd() // empty if there is an error
	return dir
}

// Since returns when the process was started, or the zero time if that is not
// known.
func (p *Process) Since() time.Time {
	fs, err := mounted()
	if err != nil {
		return time.Time{}
	}
	stat, err := fs.Stat()
	if err != nil || stat.BootTime == 0 {
		return time.Time{}
	}
	return time.Unix(int64(stat.BootTime), 0).Add(time.Duration(p.Start) * time.Second / ticks)
}

func (p *Process) found() (procfs.Proc, error) {
	fs, err := mounted()
	if err != nil {
		return procfs.Proc{}, err
	}
	return fs.Proc(p.PID)
}
