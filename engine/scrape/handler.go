package scrape

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// The time that an answer has for all workers. Prometheus says how long it waits.
const (
	roundLimit     = 8 * time.Second
	mostRoundLimit = 20 * time.Second
	scrapeTimeout  = "X-Prometheus-Scrape-Timeout-Seconds"
)

// maxReaders is how many readers may wait for an answer at a time.
const maxReaders = 16

// ServeHTTP answers with the metrics of all apps. sum=true shows the sum of each group,
// and sum=false each worker. Workers that do not answer in time are left out. Readers
// that come together share an answer, and if too many wait, further ones get 503.
func (s *Scraper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var sum *bool
	if text := r.URL.Query().Get("sum"); text != "" {
		v, err := strconv.ParseBool(text)
		if err != nil {
			http.Error(w, "sum must be true or false", http.StatusBadRequest)
			return
		}
		sum = &v
	}
	select {
	case s.room <- struct{}{}:
	default:
		w.Header().Set("Retry-After", "1")
		http.Error(w, fmt.Sprintf("%d readers wait for the metrics of the apps: ask again later", maxReaders), http.StatusServiceUnavailable)
		return
	}
	format := expfmt.NegotiateAccept(r.Header, expfmt.NewFormat(expfmt.TypeTextPlain))
	body := s.await(r, sum, format)
	<-s.room
	if r.Context().Err() != nil {
		return // nobody waits for the answer
	}
	w.Header().Set("Content-Type", string(format))
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(body) // fails only if the client has gone
}

// await returns the page of the next round, or of what it has when the time of this
// reader is over.
func (s *Scraper) await(r *http.Request, sum *bool, format expfmt.Format) []byte {
	ctx, cancel := context.WithTimeout(r.Context(), limitOf(r.Header.Get(scrapeTimeout)))
	defer cancel()
	called := time.Now()
	next := s.enter()
	defer s.leave(next)
	select {
	case <-next.done:
		key := pageKey{format: format}
		if sum != nil {
			key.sum = strconv.FormatBool(*sum)
		}
		return s.page(next, key, sum)
	case <-ctx.Done():
		if r.Context().Err() != nil {
			return nil
		}
		return s.encode(sum, called, format)
	}
}

// limitOf returns how long an answer may take if the client waits for some seconds.
func limitOf(seconds string) time.Duration {
	v, err := strconv.ParseFloat(seconds, 64)
	if err != nil || !(v > 0) {
		return roundLimit
	}
	return time.Duration(min(v*0.8, mostRoundLimit.Seconds()) * float64(time.Second))
}

// encode returns the page of what workers have answered since a time, in a format.
func (s *Scraper) encode(sum *bool, since time.Time, format expfmt.Format) []byte {
	var out bytes.Buffer
	enc := expfmt.NewEncoder(&out, format)
	for _, f := range s.escape(s.join(sum, since), format.ToEscapingScheme()) {
		if len(f.Metric) == 0 {
			continue
		}
		slices.SortFunc(f.Metric, compare)
		_ = enc.Encode(f) // a buffer takes everything
	}
	return out.Bytes()
}

// compare orders series by their labels.
func compare(a, b *dto.Metric) int {
	return slices.CompareFunc(a.Label, b.Label, func(x, y *dto.LabelPair) int {
		if c := strings.Compare(x.GetName(), y.GetName()); c != 0 {
			return c
		}
		return strings.Compare(x.GetValue(), y.GetValue())
	})
}
