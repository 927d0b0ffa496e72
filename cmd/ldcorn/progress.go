package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// progress shows how the groups of a reload fare: on a terminal each in a line
// of its own that changes, else a line for each step.
type progress struct {
	out    io.Writer
	look   look
	live   bool
	groups []string          // in the order in which they came
	lines  map[string]string // of each group, as shown
	shown  int               // lines on the terminal
}

func newProgress(out io.Writer, l look) *progress {
	f := visible.File(out)
	live := f != nil && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
	if live {
		out = f // draw makes each line harmless
	}
	return &progress{out: out, look: l, live: live, lines: make(map[string]string)}
}

// show takes a step of a group.
func (p *progress) show(e control.ReloadEvent) {
	text := progressText(e)
	if text == "" {
		return
	}
	if p.lines[e.Group] == text {
		return
	}
	if _, known := p.lines[e.Group]; !known {
		p.groups = append(p.groups, e.Group)
	}
	p.lines[e.Group] = text
	if !p.live {
		fmt.Fprintf(p.out, "%s: %s\n", e.Group, text)
		return
	}
	p.draw()
}

// draw writes all lines over the ones before.
func (p *progress) draw() {
	width := 0
	for _, g := range p.groups {
		width = max(width, len(g))
	}
	var b strings.Builder
	if p.shown > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", p.shown)
	}
	for _, g := range p.groups {
		line := visible.String(fmt.Sprintf("  %s  %s", pad(g, width), p.lines[g]))
		if runes := []rune(line); p.look.width > 0 && len(runes) >= p.look.width {
			line = string(runes[:p.look.width-1]) // a line that wraps could not be drawn over
		}
		b.WriteString("\r\x1b[2K" + line + "\n")
	}
	p.shown = len(p.groups)
	_, _ = io.WriteString(p.out, b.String()) // a terminal that is gone needs no progress
}

// end leaves what is shown as it is. What comes then is shown below.
func (p *progress) end() {
	p.shown, p.groups = 0, nil
	p.lines = make(map[string]string)
}

// progressText is what a step is called; "" for those that are not shown.
func progressText(e control.ReloadEvent) string {
	switch e.Event {
	case control.EventStarted:
		return "starting " + count(e.Workers, "worker")
	case control.EventReady:
		return fmt.Sprintf("%d of %d ready", e.Ready, e.Workers)
	case control.EventReplaced:
		text := fmt.Sprintf("%d of %d replaced", e.Ready, e.Workers)
		if e.Requests+e.Websockets > 0 {
			text += fmt.Sprintf(", the old worker finishes %s and %s", count(e.Requests, "request"), count(e.Websockets, "websocket"))
		}
		return text
	case control.EventRestored:
		return fmt.Sprintf("%d of %d replaced back", e.Ready, e.Workers)
	case control.EventSwapped:
		return "swapped"
	case control.EventDraining:
		if e.Requests+e.Websockets == 0 {
			return "stopping " + count(e.Workers, "old worker")
		}
		return fmt.Sprintf("draining %s and %s on %s", count(e.Requests, "request"), count(e.Websockets, "websocket"), count(e.Workers, "old worker"))
	case control.EventDone:
		return "done"
	}
	return ""
}
