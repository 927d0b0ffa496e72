package plan

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// A Bind is an address to listen on. The zero Bind means no address.
type Bind struct {
	Network string // "tcp", "unix" or "systemd" (a socket passed by the service manager)
	Address string // host:port, a path, or the name of the passed socket; "" = the only one
}

// ParseBind parses host:port, [v6]:port, :port, unix:/path, systemd or
// systemd:name. Port 0 lets the system choose one.
func ParseBind(s string) (Bind, error) {
	name, isNamed := strings.CutPrefix(s, "systemd:")
	switch path, isUnix := strings.CutPrefix(s, "unix:"); {
	case s == "systemd":
		return Bind{Network: "systemd"}, nil
	case isNamed && !isSocketName(name):
		return Bind{}, fmt.Errorf("%q is not the name of a socket; write \"systemd:name\" with the FileDescriptorName= of the .socket unit", name)
	case isNamed:
		return Bind{Network: "systemd", Address: name}, nil
	case isUnix && path == "":
		return Bind{}, fmt.Errorf("unix: needs a path; write \"unix:/run/ldcorn.sock\"")
	case isUnix && path[0] != '/':
		return Bind{}, fmt.Errorf("%q is a relative path; write \"unix:/…\" and the whole path", path)
	case isUnix && (len(path) > MaxUnixPath || strings.ContainsRune(path, 0)):
		return Bind{}, fmt.Errorf("the path of a unix socket has at most %d bytes, %q has %d", MaxUnixPath, path, len(path))
	case isUnix:
		return Bind{Network: "unix", Address: path}, nil
	}
	host, port, err := net.SplitHostPort(s)
	scheme, rest, isURL := strings.Cut(s, "://")
	switch {
	case isURL && strings.EqualFold(scheme, "https"):
		return Bind{}, fmt.Errorf("%q is a URL; write listen(%q, tls=tls(\"cert.pem\", key=\"key.pem\"))", s, secureAddress(rest))
	case isURL:
		return Bind{}, fmt.Errorf("%q is a URL; write %q, without the %s://", s, strings.TrimSuffix(rest, "/"), scheme)
	case err != nil && strings.Count(s, ":") > 1:
		return Bind{}, fmt.Errorf("%q has no brackets around its IPv6 address; write it as \"[::1]:8000\"", s)
	case err != nil && allDigits(s):
		return Bind{}, fmt.Errorf("%q has no host; write %q for every address, or %q", s, ":"+s, "127.0.0.1:"+s)
	case err != nil && strings.ContainsFunc(s, notInHost):
		return Bind{}, fmt.Errorf("%q is not an address; write \"host:port\", such as \"127.0.0.1:8000\"", s)
	case err != nil:
		return Bind{}, fmt.Errorf("%q has no port; write \"host:port\", such as %q", s, strings.TrimSuffix(s, "/")+":8000")
	case strings.ContainsFunc(host, notInHost):
		return Bind{}, fmt.Errorf("%q is not a host; write \"host:port\", such as \"127.0.0.1:8000\"", host)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return Bind{}, fmt.Errorf("port %q is not a number from 0 to 65535", port)
	}
	return Bind{Network: "tcp", Address: s}, nil
}

// maxSocketName is how long the name of a passed socket can be.
const maxSocketName = 255 // bytes

// isSocketName reports whether systemd accepts the name of a socket: see
// FileDescriptorName= in systemd.socket(5).
func isSocketName(s string) bool {
	return s != "" && len(s) <= maxSocketName && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ':' })
}

// secureAddress returns the address in a URL of https, whose usual port is 443.
func secureAddress(rest string) string {
	host, _, _ := strings.Cut(rest, "/")
	if _, port, err := net.SplitHostPort(host); err == nil && port != "" {
		return host
	}
	return strings.TrimSuffix(host, ":") + ":443"
}

func allDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func notInHost(r rune) bool {
	return r <= ' ' || r == '/' || r == 0x7f
}

// IsZero reports whether there is no address.
func (b Bind) IsZero() bool { return b == Bind{} }

// Key returns what two addresses have in common if they are certainly the same: it
// tells sockets apart, whatever their addresses look like in the configuration.
func (b Bind) Key() string {
	if b.Network != "tcp" {
		return b.String()
	}
	host, port, err := net.SplitHostPort(b.Address)
	if err != nil {
		return b.Address
	}
	// Go listens on all addresses of both families for "", 0.0.0.0 and [::].
	ip, err := netip.ParseAddr(host)
	switch {
	case err == nil && ip.IsUnspecified():
		host = ""
	case err == nil:
		host = ip.Unmap().String()
	}
	return net.JoinHostPort(strings.ToLower(host), port)
}

// sharesWith reports whether two sockets cannot listen on both addresses. Port
// 0 is a different port each time.
func (b Bind) sharesWith(other Bind) bool {
	return !b.IsZero() && b.Key() == other.Key() && (b.Network != "tcp" || !strings.HasSuffix(b.Address, ":0"))
}

// String returns the address as the configuration writes it, without quotes.
func (b Bind) String() string {
	switch b.Network {
	case "unix":
		return "unix:" + b.Address
	case "systemd":
		if b.Address == "" {
			return "systemd"
		}
		return "systemd:" + b.Address
	}
	return b.Address
}
