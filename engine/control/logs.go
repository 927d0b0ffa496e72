package control

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/ldcorn/ldcorn/engine/logbook"
	"github.com/ldcorn/ldcorn/engine/supervisor"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// A LogRequest says which lines of the log somebody wants.
type LogRequest struct {
	Groups []string // those of some groups, their workers' and the master's about them; empty = everything
	Lines  int      // the newest so many that are kept; negative = all
	Follow bool     // those that come after them, too
}

func (q *LogRequest) values() url.Values {
	v := url.Values{"lines": {strconv.Itoa(q.Lines)}, "follow": {strconv.FormatBool(q.Follow)}}
	if len(q.Groups) > 0 {
		v["group"] = q.Groups
	}
	return v
}

func logRequest(v url.Values) (q LogRequest, err error) {
	q.Groups = v["group"]
	if q.Lines, err = strconv.Atoi(v.Get("lines")); err == nil {
		q.Follow, err = strconv.ParseBool(v.Get("follow"))
	}
	return q, err
}

// Logs copies lines of the master's log to w, in the form that its log has,
// and without control characters. Where the request follows, it ends with the
// master.
func (c *Client) Logs(ctx context.Context, want LogRequest, w io.Writer) error {
	lines, err := c.begin(ctx, http.MethodGet, "/v1/logs?"+want.values().Encode(), nil)
	if err != nil {
		return err
	}
	defer lines.Close()
	var from io.Reader = lines
	if !want.Follow {
		from = limited(lines, 2*c.most) // a book holds 64 MiB at the most
	}
	harmless := visible.NewWriter(w, func() visible.Colors { return visible.Drop })
	if _, err := io.Copy(harmless, from); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("master at %s: %w", c.path, err)
	}
	return harmless.Flush()
}

// logs writes lines of the log. A client that reads slowly keeps nobody
// waiting: it is told how many lines it has missed.
func (s *Server) logs(w http.ResponseWriter, r *http.Request) {
	want, err := logRequest(r.URL.Query())
	if err == nil {
		err = s.knownGroups(want.Groups)
	}
	if err != nil {
		answer(w, statusOf(err), done{FormatVersion, err.Error()})
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	lines := s.opts.Logs.Read(want.Groups, want.Lines)
	if !want.Follow {
		lines.EndNow() // or it goes on for as long as workers write faster than the client reads
	}
	s.copyLog(ctx, w, lines, want.Follow)
}

// copyLog ends when all is written or, where it follows, when ctx is done.
func (s *Server) copyLog(ctx context.Context, w http.ResponseWriter, from *logbook.Reader, follow bool) {
	flush := http.NewResponseController(w).Flush
	var buf []byte
	for {
		lines, lost := from.Take(buf[:0])
		if lost > 0 {
			lines = slices.Insert(lines, 0, s.opts.LostLines(lost)...)
		}
		if len(lines) > 0 {
			if _, err := w.Write(lines); err != nil {
				return // the client is gone
			}
			buf = lines
			continue
		}
		if !follow || ctx.Err() != nil || flush() != nil {
			return
		}
		from.Wait(ctx)
	}
}

// knownGroups fails where there is neither a group of that name nor any line
// of one that was.
func (s *Server) knownGroups(names []string) error {
	known := s.opts.Logs.Groups()
	for _, g := range s.opts.Master.Groups() {
		known = append(known, g.Name)
	}
	slices.Sort(known)
	known = slices.Compact(known)
	for _, name := range names {
		if !slices.Contains(known, name) {
			return &supervisor.UnknownGroupError{Group: name, Known: known}
		}
	}
	return nil
}
