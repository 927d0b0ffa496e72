package control

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/supervisor"
)

// A TailRequest asks for the newest lines or events that a master keeps, and for
// those that come later.
type TailRequest struct {
	Groups []string        // only about these groups and their workers; about everything if empty
	Kinds  []api.EventKind // of events: only these; all if empty
	Newest int             // how many of those that the master keeps; all if negative
	Follow bool            // go on with those that come later, until the master ends
}

func (q *TailRequest) values() url.Values {
	v := url.Values{"lines": {strconv.Itoa(q.Newest)}, "follow": {strconv.FormatBool(q.Follow)}}
	if len(q.Groups) > 0 {
		v["group"] = q.Groups
	}
	for _, kind := range q.Kinds {
		v.Add("kind", string(kind))
	}
	return v
}

func tailRequest(v url.Values) (q TailRequest, err error) {
	q.Groups = v["group"]
	for _, kind := range v["kind"] {
		q.Kinds = append(q.Kinds, api.EventKind(kind))
	}
	if q.Newest, err = strconv.Atoi(v.Get("lines")); err == nil {
		q.Follow, err = strconv.ParseBool(v.Get("follow"))
	}
	return q, err
}

// maxTail is the limit on an answer to a TailRequest, as a multiple of the limit on
// other answers. A master keeps up to 64 MiB of its log.
const maxTail = 2

// tail calls take with the answer to want as it comes. See lines.
func (c *Client) tail(ctx context.Context, path string, want TailRequest, take func(lines []byte) error) error {
	return c.lines(ctx, path+"?"+want.values().Encode(), want.Follow, take)
}

// lines calls take with an answer as it comes, one or more whole lines at a time. Only
// the last line of the answer can lack its newline. lines returns the first error of
// take. The size of the answer is limited or, if it goes on for as long as the master
// does, the size of each line.
func (c *Client) lines(ctx context.Context, path string, endless bool, take func(lines []byte) error) error {
	body, err := c.begin(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer body.Close()
	from := limited(body, maxTail*c.most)
	buf := make([]byte, 0, 64<<10)
	for {
		buf = slices.Grow(buf, 1)
		n, err := from.Read(buf[len(buf):cap(buf)])
		end := len(buf) + bytes.LastIndexByte(buf[len(buf):len(buf)+n], '\n') + 1
		whole := end > len(buf) // a line has ended
		buf = buf[:len(buf)+n]
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, io.EOF) && len(buf) == 0:
			return nil
		case errors.Is(err, io.EOF):
			return take(buf)
		case err != nil:
			return c.failed(err)
		case !whole:
			continue
		}
		if err := take(buf[:end]); err != nil {
			return err
		}
		buf = append(buf[:0], buf[end:]...)
		if endless {
			from.left = from.most - int64(len(buf))
		}
	}
}

// A source provides the answer to a TailRequest.
type source interface {
	// EndNow leaves out everything that comes from now on.
	EndNow()
	// WriteTo writes some of the lines that were not written yet. It never waits
	// for more, and returns 0 if there are none.
	io.WriterTo
	// Wait returns once there may be lines to write, or ctx is done.
	Wait(ctx context.Context)
}

// tail returns a handler that answers a TailRequest from the source that open
// returns. A client that reads slowly delays nobody else.
func (s *Server) tail(media string, open func(want TailRequest) source) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		want, err := tailRequest(r.URL.Query())
		if err == nil {
			err = s.knownGroups(want.Groups, s.opts.Logs.Groups()...)
		}
		if err != nil {
			refuse(w, statusOf(err), err.Error())
			return
		}
		w.Header().Set("Content-Type", media)
		ctx, cancel := s.during(r)
		defer cancel()
		from := open(want)
		if !want.Follow {
			from.EndNow() // or a slow client never reaches the end
		}
		copyTail(ctx, w, from, want.Follow)
	}
}

// copyTail writes what the source has. If it follows, it goes on until ctx is done
// or the client has gone.
func copyTail(ctx context.Context, w http.ResponseWriter, from source, follow bool) {
	flush := http.NewResponseController(w).Flush
	for {
		n, err := from.WriteTo(w)
		switch {
		case err != nil:
			return
		case n > 0:
			continue
		case !follow || ctx.Err() != nil || flush() != nil:
			return
		}
		from.Wait(ctx)
	}
}

// knownGroups returns an error if one of the names is neither a group nor one of
// those that are known besides.
func (s *Server) knownGroups(names []string, known ...string) error {
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
