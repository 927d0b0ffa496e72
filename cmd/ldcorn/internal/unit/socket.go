package unit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// A socket is one that systemd opens.
type socket struct {
	file    string // of its unit
	name    string // as the configuration has it; "" = the only one
	address string
}

// sockets returns the sockets that the plan takes from systemd.
func (w *writer) sockets() ([]socket, error) {
	var out []socket
	for i := range w.plan.Listeners {
		l := &w.plan.Listeners[i]
		if l.Bind.Network != "systemd" {
			continue
		}
		s := socket{name: l.Bind.Address, file: w.opts.Name + ".socket"}
		if s.name != "" {
			s.file = w.opts.Name + "-" + fileName(s.name) + ".socket"
		}
		if s.address = w.addressOf(l); s.address == "" {
			return nil, fmt.Errorf("the configuration takes the socket %q from systemd, which must know its address; give it with --listen %s", l.Bind.String(), s.example())
		}
		out = append(out, s)
	}
	for name := range w.opts.Listen {
		if !slices.ContainsFunc(out, func(s socket) bool { return s.name == name }) {
			return nil, fmt.Errorf("--listen: the configuration takes no socket %q from systemd", plan.Bind{Network: "systemd", Address: name}.String())
		}
	}
	return out, nil
}

func (s *socket) example() string {
	if s.name == "" {
		return "8000"
	}
	return s.name + "=8000"
}

// addressOf returns where systemd listens for a listener, or "" if nothing says it.
func (w *writer) addressOf(l *plan.Listener) string {
	if given := w.opts.Listen[l.Bind.Address]; given != "" {
		return given
	}
	switch {
	case l.Bind.Address == "https", len(l.TLS) > 0:
		return "443"
	case l.Bind.Address == "http", l.RedirectHTTPS:
		return "80"
	}
	return ""
}

// fileName returns the name of a socket as a part of the name of a unit.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && (r == '-' || r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z') {
			return r
		}
		return '_'
	}, name)
}

// socketUnit returns the unit of a socket.
func (w *writer) socketUnit(s socket) string {
	var b section
	b.text.WriteString("[Unit]\n")
	b.set("Description", "A socket of "+w.opts.Name+".service")
	b.text.WriteString("\n[Socket]\n")
	b.set("ListenStream", s.address)
	if s.name != "" {
		b.set("FileDescriptorName", s.name)
	}
	if strings.HasPrefix(s.address, "/") {
		b.note("Whoever can write to the file can connect: the group of the proxy in front.")
		b.set("SocketMode", "0660")
	}
	b.set("Service", w.opts.Name+".service")
	b.text.WriteString("\n[Install]\nWantedBy=sockets.target\n")
	return b.text.String()
}
