package engine

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"time"

	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/proc"
	"github.com/ldcorn/ldcorn/engine/supervisor"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// askLimit is how long the master at an address may take to say what it runs.
const askLimit = 2 * time.Second

// inUse describes who has an address that is in use, for the end of an error,
// and how to get rid of them. by is "" if nothing is known.
func inUse(bind plan.Bind) (by, hint string) {
	pid, uid := holder(bind)
	if pid == 0 {
		if uid < 0 {
			return "", "stop what listens there"
		}
		return " by a process of user " + visible.String(proc.UserName(uid)), "stop it"
	}
	p, err := proc.Read(pid)
	if err != nil {
		return fmt.Sprintf(" by pid %d", pid), "stop it"
	}
	by = fmt.Sprintf(" by %s (pid %d)", visible.String(p.Name()), pid)
	dir := supervisor.DirOf(pid)
	if dir == "" {
		return by, "stop it"
	}
	by = fmt.Sprintf(" by another ldcorn (pid %d)", pid)
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	if st, _, err := control.NewClient(filepath.Join(dir, control.SocketName)).Status(ctx); err == nil && st.PID == pid {
		return by + " with " + st.Config, fmt.Sprintf("stop it with \"ldcorn stop -c %s\"", st.Config)
	}
	return by, fmt.Sprintf("stop it with \"kill %d\"", pid)
}

// holder returns the process that listens at an address, or 0 if we may not know
// it, and the user that opened the socket, or -1.
func holder(bind plan.Bind) (pid, uid int) {
	if bind.Network == "unix" {
		conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: bind.Address, Net: "unix"})
		if err != nil {
			return 0, -1
		}
		defer conn.Close()
		peer, err := control.Peer(conn)
		if err != nil {
			return 0, -1
		}
		return peer.PID, int(peer.UID)
	}
	host, service, err := net.SplitHostPort(bind.Address)
	if err != nil {
		return 0, -1
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return 0, -1
	}
	ip, _ := netip.ParseAddr(host) // a name, or none: any address with the port
	return proc.Listener(netip.AddrPortFrom(ip, uint16(port)))
}
