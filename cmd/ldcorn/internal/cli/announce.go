package cli

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// An announcer tells a person at a terminal about the start of a master: what
// it runs, and then that it is ready.
type announcer struct {
	out     io.Writer
	look    terminal.Look
	program string // as the user has typed it
	version string
	config  string // as the user would type it
	named   bool   // with -c
	begun   time.Time
}

const (
	bold  = "\x1b[1m"
	dim   = "\x1b[2m"
	green = "\x1b[32m"
	reset = "\x1b[0m"
)

// in returns a text in a color, if colors are shown.
func (a *announcer) in(color, text string) string {
	if !a.look.Color {
		return text
	}
	return color + text + reset
}

// starting writes the program, the URLs and a line for each group.
func (a *announcer) starting(p *plan.Plan, addrs []net.Addr) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s  %s  %s\n", a.in(bold, "ldcorn"), a.version, a.in(bold, urls(p, addrs)), a.in(dim, fmt.Sprintf("%s  pid %d", visible.String(a.config), os.Getpid())))
	table := terminal.NewTable(&b)
	groups := p.Groups
	if len(groups) > shownGroups {
		groups = groups[:shownGroups-1]
	}
	for _, g := range groups {
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", g.Name, terminal.Count(g.Instances, "worker"), takes(g), routeList(g.Routes))
	}
	_ = table.Flush() // memory never fails
	if left := len(p.Groups) - len(groups); left > 0 {
		fmt.Fprintf(&b, "  and %d more groups: ldcorn check lists all\n", left)
	}
	a.write(b.String(), true)
}

const shownGroups = 20 // how many groups are announced

// serving writes that the master is ready, with commands to try next.
func (a *announcer) serving() {
	program := shellWord(visible.String(a.program)) + " "
	command, other := program, program
	if a.named {
		command, other = program+"-c "+shellWord(visible.String(a.config))+" ", ""
	}
	took := fmt.Sprintf("ready in %.1fs", time.Since(a.begun).Seconds())
	next := []string{command + "status", other + "explain 'GET /'", other + "reload"}
	a.write(a.in(green, took)+"; try "+strings.Join(next, ", ")+"\n", false)
}

// shellWord returns a word as a shell takes it.
func shellWord(word string) string {
	if !strings.ContainsAny(word, " '\"\\$&;|<>()*?[]{}!#~`") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// write writes lines, which it may cut to the width of the terminal.
func (a *announcer) write(text string, cut bool) {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if cut && strings.HasPrefix(line, " ") { // without colors
			line = terminal.Cut(line, a.look.Width)
		}
		b.WriteString(line + "\n")
	}
	_, _ = io.WriteString(a.out, b.String()) // the log never fails
}

// shownURLs is how many URLs are announced.
const shownURLs = 3

// urls returns the addresses at which this machine reaches the listeners.
func urls(p *plan.Plan, addrs []net.Addr) string {
	var out []string
	for i, addr := range addrs {
		if i == shownURLs {
			out = append(out, fmt.Sprintf("and %d more", len(addrs)-i))
			break
		}
		scheme := "http"
		if i < len(p.Listeners) && len(p.Listeners[i].TLS) > 0 {
			scheme = "https"
		}
		out = append(out, url(scheme, addr))
	}
	return strings.Join(out, " ")
}

// url returns the address at which this machine reaches a listener.
func url(scheme string, addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	switch {
	case !ok:
		return "unix:" + addr.String()
	case tcp.IP.IsUnspecified():
		return fmt.Sprintf("%s://localhost:%d", scheme, tcp.Port)
	}
	return scheme + "://" + tcp.String()
}

// takes describes how many requests a group takes at a time.
func takes(g *plan.Group) string {
	text := caps(g, "")
	if g.HasCap() && g.QueueLimit > 0 {
		text += fmt.Sprintf(", queue %d", g.QueueLimit)
	}
	return text
}
