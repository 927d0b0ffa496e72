package masterlog

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/visible"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// Messages of the engine that a terminal shows only if it is verbose: those of
// starting hold until the master serves, and the announcement of the start says
// the same in fewer lines.
var (
	quiet    = []string{"worker state changed"}                            // only read
	starting = []string{"starting", "group applied", "ready", "listening"} // only read
)

// Sequences that set colors.
const (
	dim    = "\x1b[2m"
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	reset  = "\x1b[0m"
)

// A terminalHandler writes each record as a line for a person: the time, the
// level unless it is INFO, the worker or the group, the message, the reason, the
// other attributes, and a hint.
type terminalHandler struct {
	log    *Log
	out    io.Writer
	attrs  []slog.Attr // that every record gets
	prefix string      // of the keys, from WithGroup
	lines  *lineBuffer
}

// A lineBuffer holds one line.
type lineBuffer struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (l *Log) newTerminalHandler(out io.Writer) *terminalHandler {
	return &terminalHandler{log: l, out: out, lines: new(lineBuffer)}
}

// Enabled implements slog.Handler.
func (h *terminalHandler) Enabled(_ context.Context, level slog.Level) bool {
	least := slog.LevelInfo
	if h.log.opts.Level != nil {
		least = h.log.opts.Level.Level()
	}
	return level >= least
}

// WithAttrs implements slog.Handler.
func (h *terminalHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.attrs = slices.Clone(h.attrs)
	for _, a := range attrs {
		a.Key = h.prefix + a.Key
		with.attrs = append(with.attrs, a)
	}
	return &with
}

// WithGroup implements slog.Handler.
func (h *terminalHandler) WithGroup(name string) slog.Handler {
	with := *h
	with.prefix += name + "."
	return &with
}

// Handle implements slog.Handler.
func (h *terminalHandler) Handle(_ context.Context, r slog.Record) error {
	if h.hides(r) {
		return nil
	}
	var p parts
	for _, a := range h.attrs {
		p.add(a)
	}
	r.Attrs(func(a slog.Attr) bool {
		a.Key = h.prefix + a.Key
		p.add(a)
		return true
	})
	if h.repeats(r, &p) {
		return nil
	}
	h.lines.mu.Lock()
	defer h.lines.mu.Unlock()
	h.lines.buf.Reset()
	h.write(&h.lines.buf, r, &p)
	_, err := h.out.Write(h.lines.buf.Bytes())
	return err
}

// hides reports whether a record says nothing that a person needs.
func (h *terminalHandler) hides(r slog.Record) bool {
	if h.log.opts.Verbose || r.Level > slog.LevelInfo {
		return false
	}
	return slices.Contains(quiet, r.Message) || !h.log.serving.Load() && slices.Contains(starting, r.Message)
}

// startRetried is the message of a start that has failed and is repeated. The
// others are those of what starts workers later.
const (
	startRetried    = "start failed, trying again"
	reloadStarted   = "reload started"
	startedAgain    = "starting again" // run --watch, after a file was saved
	commandReceived = "control request"
)

// Other messages that read differently on a terminal.
const (
	configWarning = "configuration warning"
	groupApplied  = "group applied"
	stopping      = "stopping"
	finishing     = "finishing requests"
	cutByOne      = "another TERM or INT cuts them" // a hint
	stoppingSoon  = "stopping soon"
	askedToStop   = "asked to stop: "
	groupPrefix   = "group " // of a message behind the name of the group
)

// applied says what a change has done to a group.
var applied = map[string]string{ // only read
	"keep": "kept", "update": "changed in place", "resize": "resized", "replace": "replaced", "add": "added", "remove": "removed",
}

// repeats reports whether a record says what one about another worker has said.
// If it does not, repeats shows what comes before it: how many workers have
// failed in the same way.
func (h *terminalHandler) repeats(r slog.Record, p *parts) bool {
	f := h.log.failures
	switch {
	case f == nil:
	case r.Message == startRetried:
		return p.now || !f.IsRetryNews(p.group, p.err) // at the first failure, what the worker wrote is enough
	case r.Message == reloadStarted, r.Message == startedAgain, r.Message == commandReceived:
		f.Begin()
	case r.Level >= slog.LevelWarn, r.Message == stopping:
		f.Tell()
	}
	return false
}

// indent is what the lines below a record begin with.
const indent = "         " // as wide as the time

// write writes a record: its line, its hint on one of its own, and an error of several
// lines below. The first two are broken to the width of the reader.

func (h *terminalHandler) write(out *bytes.Buffer, r slog.Record, p *parts) {
	b := new(strings.Builder)
	b.WriteString(h.in(dim, r.Time.Format(time.TimeOnly)) + " ")
	switch {
	case r.Level >= slog.LevelError:
		b.WriteString(h.in(red, "error: "))
	case r.Level >= slog.LevelWarn:
		b.WriteString(h.in(yellow, "warning: "))
	case r.Level < slog.LevelInfo:
		b.WriteString("debug: ")
	}
	if p.source() != "" {
		b.WriteString(p.source() + ": ")
	}
	message := p.message(r.Message)
	b.WriteString(visible.String(message))
	if p.at != "" {
		if message != "" {
			b.WriteString(": ")
		}
		b.WriteString(visible.String(p.at))
	}
	joint, below := ": ", ""
	if strings.Contains(p.err, "\n") {
		below = p.err
	} else if p.err != "" {
		b.WriteString(": " + visible.String(strings.TrimSuffix(p.err, ".")))
		joint = "; "
	}
	if p.said != "" {
		b.WriteString("; it wrote: " + visible.String(strings.TrimSuffix(p.said, ".")))
		joint = "; "
	}
	if p.reason != "" {
		b.WriteString(joint + visible.String(p.reason))
	}
	if len(p.rest) > 0 {
		b.WriteString(" " + h.in(dim, "("+strings.Join(p.rest, ", ")+")"))
	}
	width := h.log.width()
	out.WriteString(fold(b.String(), len(indent), width) + "\n")
	for line := range strings.Lines(below) {
		out.WriteString("    " + visible.String(strings.TrimSuffix(line, "\n")) + "\n")
	}
	if hint := p.advice(r.Message); hint != "" {
		out.WriteString(fold(indent+"hint: "+visible.String(hint), len(indent+"hint: "), width) + "\n")
	}
}

// in returns a text in a color, if colors are shown.
func (h *terminalHandler) in(color, text string) string {
	if !h.log.opts.Colored {
		return text
	}
	return color + text + reset
}

// parts are the attributes of a record, sorted by their use in a line.
type parts struct {
	group, worker string
	at, hint      string
	err, said     string // said is what the worker says about it
	reason        string
	change        string // what was done to a group
	now           bool   // a start is repeated at once
	requests      string // how many are in flight
	limit         string // how long they have
	rest          []string
}

// message returns the message of a record as people read it, which is empty if the
// rest of the line says it.
func (p *parts) message(text string) string {
	switch {
	case text == configWarning:
		return ""
	case text == groupApplied && applied[p.change] != "":
		return applied[p.change]
	case text == stopping, text == stoppingSoon:
		p.reason = strings.TrimPrefix(p.reason, askedToStop)
	case text == finishing:
		p.rest = nil
		return fmt.Sprintf("finishing %s request%s, for at most %s", p.requests, map[bool]string{false: "s"}[p.requests == "1"], p.limit)
	case p.group != "":
		return strings.TrimPrefix(text, groupPrefix)
	}
	return text
}

func (p *parts) add(a slog.Attr) {
	a.Value = a.Value.Resolve()
	switch text := a.Value.String(); {
	case a.Value.Kind() == slog.KindGroup:
		for _, inner := range a.Value.Group() {
			inner.Key = a.Key + "." + inner.Key
			p.add(inner)
		}
	case a.Key == "group":
		p.group = visible.String(text)
	case a.Key == "worker":
		p.worker = visible.String(text)
	case a.Key == "at": // a position
		p.at = text
	case a.Key == "hint":
		p.hint = text
	case a.Key == "stderr": // the worker's lines are in the log already
		p.said = worker.LastWord(strings.Split(text, "\n"))
	case a.Key == "err":
		p.err = withoutOutput(text)
	case a.Key == "reason":
		p.reason = text
	case a.Key == "change" && applied[text] != "":
		p.change = text
	case a.Key == "restart_in" && text == "0s":
		p.now = true
		p.rest = append(p.rest, "starts again now")
	case a.Key == "requests":
		p.requests = visible.String(text)
		p.rest = append(p.rest, "requests="+p.requests)
	case a.Key == "shutdown_timeout":
		p.limit = visible.String(text)
		p.rest = append(p.rest, "shutdown_timeout="+p.limit)
	case a.Key == "restart_in":
		p.rest = append(p.rest, "starts again in "+text)
	default:
		p.rest = append(p.rest, visible.String(a.Key)+"="+quoted(text))
	}
}

// withoutOutput returns an error without the output of a worker, which is in the
// log already.
func withoutOutput(text string) string {
	if first, _, _ := strings.Cut(text, "\n"); strings.HasSuffix(first, "; it wrote:") {
		return visible.FirstLine(text)
	}
	return strings.TrimSuffix(text, "\n")
}

// quoted returns a value as the text format of slog has it.
func quoted(text string) string {
	if text == "" || strings.ContainsAny(text, " =\"") {
		return strconv.Quote(text)
	}
	return visible.String(text)
}

// source returns the name of the worker, or else of the group.
func (p *parts) source() string {
	if p.group != "" && p.worker != "" {
		return p.group + "." + p.worker
	}
	return p.group
}

// advice returns the hint of a record. One about a worker that ended always has
// one.
func (p *parts) advice(message string) string {
	switch {
	case message == finishing && p.hint == cutByOne:
		return "Ctrl-C again cuts them"
	case message == startRetried: // the error of a start that fails for good has it
		return ""
	case p.hint != "" || p.group == "":
		return p.hint
	case strings.Contains(p.err, "out of memory?"):
		return "max_rss= of WorkerGroup replaces a worker before memory runs out"
	case message == "worker crashed", message == "worker unhealthy":
		return "ldcorn logs " + p.group + " shows its output"
	}
	return ""
}

// missingOnTerminal returns the line that says how many lines are missing.
func (l *Log) missingOnTerminal(n int, reason string) []byte {
	var line bytes.Buffer
	r := slog.NewRecord(time.Now(), slog.LevelWarn, fmt.Sprintf("%d lines are missing here: %s", n, reason), 0)
	_ = l.newTerminalHandler(&line).Handle(context.Background(), r) // memory never fails
	return line.Bytes()
}
