package proc

import (
	"net/netip"
	"os"
	"os/user"
	"strconv"
	"strings"
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

// User returns the name of the process's effective user, or the number of a
// user without a name.
func (p *Process) User() string { return UserName(p.UID()) }

// UserName returns the name of a user, or the number of a user without a name.
func UserName(uid int) string {
	id := strconv.Itoa(uid)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

func (p *Process) found() (procfs.Proc, error) {
	fs, err := mounted()
	if err != nil {
		return procfs.Proc{}, err
	}
	return fs.Proc(p.PID)
}

// listening is TCP_LISTEN of the kernel's tcp_states.h.
const listening = 0x0A

// Listener finds the process that listens on a TCP address. The pid is 0 if it
// belongs to another user, or is in another namespace, so that we may not look
// for it. uid is the user that has opened the socket, or -1 if nothing listens
// there.
func Listener(addr netip.AddrPort) (pid, uid int) {
	fs, err := mounted()
	if err != nil {
		return 0, -1
	}
	// Reading the whole table is slow if it is long, which does not matter once for an
	// error. Without IPv4 or IPv6, its file is not there.
	four, _ := fs.NetTCP() //lint:ignore SA1019 netlink is not allowed in every sandbox, and this is for errors only
	six, _ := fs.NetTCP6() //lint:ignore SA1019 as above
	uid = -1
	sockets := make(map[string]bool)
	for _, all := range [][]socketLine{lines(four), lines(six)} {
		for _, s := range all {
			if s.port == addr.Port() && (s.addr == addr.Addr().Unmap() || s.addr.IsUnspecified() || !addr.Addr().IsValid() || addr.Addr().IsUnspecified()) {
				sockets["socket:["+strconv.FormatUint(s.inode, 10)+"]"], uid = true, s.uid
			}
		}
	}
	if uid < 0 {
		return 0, -1
	}
	return ownerOf(sockets), uid
}

// A socketLine is a socket that listens.
type socketLine struct {
	addr  netip.Addr
	port  uint16
	uid   int
	inode uint64
}

// lines returns the sockets of a table that listen.
func lines(table procfs.NetTCP) []socketLine {
	var out []socketLine
	for _, l := range table {
		if addr, ok := netip.AddrFromSlice(l.LocalAddr); ok && l.St == listening {
			out = append(out, socketLine{addr.Unmap(), uint16(l.LocalPort), int(l.UID), l.Inode})
		}
	}
	return out
}

// ownerOf returns the process with the lowest pid that has one of the sockets
// open, or 0 if we see none.
func ownerOf(sockets map[string]bool) int {
	for _, p := range All() {
		fds, err := os.ReadDir("/proc/" + strconv.Itoa(p.PID) + "/fd")
		if err != nil {
			continue // of another user
		}
		for _, fd := range fds {
			if to, err := os.Readlink("/proc/" + strconv.Itoa(p.PID) + "/fd/" + fd.Name()); err == nil && strings.HasPrefix(to, "socket:") && sockets[to] {
				return p.PID
			}
		}
	}
	return 0
}
