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

// A TailRequest asks for the newest of the lines or events that a master keeps,
// and for those that come after them.
type TailRequest struct {
	Groups []string // only those of these groups and their workers; empty = everything
	Newest int      // how many of those that are kept; negative = all
	Follow bool     // go on with those that come, until the master ends
}

func (q *TailRequest) values() url.Values {
	v := url.Values{"lines": {strconv.Itoa(q.Newest)}, "follow": {strconv.FormatBool(q.Follow)}}
	if len(q.Groups) > 0 {
		v["group"] = q.Groups
	}
	return v
}

func tailRequest(v url.Values) (q TailRequest, err error) {
	q.Groups = v["group"]
	if q.Newest, err = strconv.Atoi(v.Get("lines")); err == nil {
		q.Follow, err = strconv.ParseBool(v.Get("follow"))
	}
	return q, err
}

// maxTail is how much a client takes of an answer to a TailRequest, in multiples
// of what it takes of others: a master keeps up to 64 MiB of its log.
const maxTail = 2

// tail calls take with the lines of the answer to want as they come, some whole
// lines at a time, and only the last of which may lack its end. An error of take
// ends it. The size of the answer is bounded or, where want follows, that of each
// line.
func (c *Client) tail(ctx context.Context, path string, want TailRequest, take func(lines []byte) error) error {
	body, err := c.begin(ctx, http.MethodGet, path+"?"+want.values().Encode(), nil)
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
		if want.Follow {
			from.left = from.most - int64(len(buf))
		}
	}
}

// A source is what the answer to a TailRequest is read from.
type source interface {
	// EndNow leaves out what comes from now on.
	EndNow()
	// WriteTo writes some of what has come and was not written yet, as lines. It
	// returns 0 if there is nothing. It never waits for more.
	io.WriterTo
	// Wait returns once there may be something to write, or ctx is done.
	Wait(ctx context.Context)
}

// tail answers a TailRequest from a source, which open opens. A client that reads
// slowly holds nobody up.
func (s *Server) tail(media string, open func(want TailRequest) source) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		want, err := tailRequest(r.URL.Query())
		if err == nil {
			err = s.knownGroups(want.Groups)
		}
		if err != nil {
			answer(w, statusOf(err), api.Done{FormatVersion: api.ControlVersion, Error: err.Error()})
			return
		}
		w.Header().Set("Content-Type", media)
		ctx, cancel := s.during(r)
		defer cancel()
		from := open(want)
		if !want.Follow {
			from.EndNow() // or it goes on for as long as more comes than the client reads
		}
		copyTail(ctx, w, from, want.Follow)
	}
}

// copyTail ends when all is written or, where it follows, when ctx is done. A
// client that has gone ends it too.
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

// knownGroups fails if there is a name of which there is neither a group nor a
// line of the log.
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
