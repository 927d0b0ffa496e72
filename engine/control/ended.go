package control

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/ldcorn/ldcorn/engine/accesslog"
)

// ended answers with a line of JSON for each request that ends from now on, until the
// client leaves. Lost lines are counted in a line of their own.
func (s *Server) ended(w http.ResponseWriter, r *http.Request) {
	filter, err := tailFilter(r.URL.Query())
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush() // so that the client knows that it is there
	ctx, cancel := s.during(r)
	defer cancel()
	from := s.opts.Tail.Watch(filter)
	defer from.Close()
	copyTail(ctx, w, endedSource{from}, true)
}

// tailFilter reads a filter: group, which can be repeated, status and took.
func tailFilter(v url.Values) (f accesslog.TailFilter, err error) {
	f.Groups = v["group"]
	if s := v.Get("status"); s != "" {
		if f.Status, err = strconv.Atoi(s); err != nil || f.Status < 100 || f.Status > 599 {
			return f, fmt.Errorf("status: got %q, want the least status, from 100 to 599", s)
		}
	}
	if s := v.Get("took"); s != "" {
		if f.Took, err = time.ParseDuration(s); err != nil || f.Took < 0 {
			return f, fmt.Errorf("took: got %q, want the least time, such as 250ms", s)
		}
	}
	return f, nil
}

// An endedSource reads the requests that have ended.
type endedSource struct{ *accesslog.TailReader }

// EndNow implements source. It is not called: nothing is kept.
func (endedSource) EndNow() {}

func (s endedSource) WriteTo(w io.Writer) (int64, error) {
	lines, lost := s.Take()
	if lost > 0 {
		lines = fmt.Appendf(lines, "{\"lost\":%d}\n", lost)
	}
	if len(lines) == 0 {
		return 0, nil
	}
	n, err := w.Write(lines)
	return int64(n), err
}
