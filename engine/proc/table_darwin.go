package proc

import (
	"errors"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// These are of sys/proc.h of macOS.
const (
	zombieStatus = 5      // SZOMB
	exitingFlag  = 0x2000 // P_WEXIT
)

// Read looks at a process. The error is fs.ErrNotExist if there is none.
func Read(pid int) (Process, error) {
	info, err := look(pid)
	if err != nil {
		return Process{}, err
	}
	return read(info), nil
}

func look(pid int) (*unix.KinfoProc, error) {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	switch {
	case errors.Is(err, unix.EIO): // the answer has no process
		return nil, os.ErrNotExist
	case err != nil:
		return nil, os.NewSyscallError("sysctl", err)
	case int(info.Proc.P_pid) != pid:
		return nil, os.ErrNotExist
	}
	return info, nil
}

// read makes a Process of what the kernel has told. Its start is in
// microseconds.
func read(info *unix.KinfoProc) Process {
	since := info.Proc.P_starttime
	p := Process{
		PID: int(info.Proc.P_pid), Parent: int(info.Eproc.Ppid), Group: int(info.Eproc.Pgid), TTY: int(info.Eproc.Tdev),
		Start: uint64(since.Sec)*1e6 + uint64(since.Usec),
	}
	if p.TTY == -1 { // NODEV
		p.TTY = 0
	}
	if sid, err := unix.Getsid(p.PID); err == nil {
		p.Session = sid
	}
	if info.Proc.P_stat == zombieStatus {
		p.State = zombie
	}
	if info.Proc.P_flag&exitingFlag != 0 {
		p.Flags = exiting
	}
	return p
}

// All looks at every process that has not exited, in the order of their pids.
// It returns none if the system does not tell.
func All() []Process {
	found, err := unix.SysctlKinfoProcSlice("kern.proc.all")
	if err != nil {
		return nil
	}
	all := make([]Process, 0, len(found))
	for i := range found {
		if p := read(&found[i]); !p.Ended() {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b Process) int { return a.PID - b.PID })
	return all
}

// args returns the arguments and the environment of the process, or nil if we
// may not know them.
func (p *Process) args() (args, env []string) {
	data, err := unix.SysctlRaw("kern.procargs2", p.PID)
	if err != nil {
		return nil, nil
	}
	return splitArgs(data)
}

// Env returns a variable of the environment that the process was started with,
// and whether it has one. A process whose environment we cannot read has none.
func (p *Process) Env(name string) (string, bool) {
	_, env := p.args()
	for _, kv := range env {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// UID returns the effective user of the process, or -1 if it has exited.
func (p *Process) UID() int {
	info, err := look(p.PID)
	if err != nil {
		return -1
	}
	return int(info.Eproc.Ucred.Uid)
}

// SameNamespace returns true: macOS has one namespace for all processes.
func (p *Process) SameNamespace() bool { return true }

// Name returns the name of the program that the process runs, as the kernel
// reports it: at most 16 bytes, of any kind. It returns "" if the process has
// exited.
func (p *Process) Name() string {
	info, err := look(p.PID)
	if err != nil {
		return ""
	}
	return unix.ByteSliceToString(info.Proc.P_comm[:])
}

// Command returns the command line of the process, which can have any contents,
// or nil if it is not known.
func (p *Process) Command() []string {
	args, _ := p.args()
	return args
}

// Program returns the first word of the command line of the process, or "" if it
// is unknown.
func (p *Process) Program() string {
	if args, _ := p.args(); len(args) > 0 {
		return args[0]
	}
	return ""
}

// Folder returns "": the system calls of macOS do not tell the folder of
// another process.
func (p *Process) Folder() string { return "" }

// Since returns when the process was started.
func (p *Process) Since() time.Time { return time.UnixMicro(int64(p.Start)) }

// Catches reports whether the process has a handler for a signal. It returns
// false if that is unknown.
func (p *Process) Catches(sig unix.Signal) bool {
	info, err := look(p.PID)
	return err == nil && sig > 0 && info.Proc.P_sigcatch>>(uint(sig)-1)&1 == 1
}

// Listener finds no process: macOS does not tell who listens on an address.
func Listener(netip.AddrPort) (pid, uid int) { return 0, -1 }
