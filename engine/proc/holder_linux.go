package proc

import (
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"
)

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
