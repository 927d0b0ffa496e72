package http2

import (
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// BenchmarkRequests sends requests in 10 streams of each of 10 connections.
// scripts/pgo records it.
func BenchmarkRequests(b *testing.B) {
	for _, driver := range netloop.Drivers() {
		b.Run(driver, func(b *testing.B) {
			r := newRig(b, driver, nil)
			r.rawWorker(saying("HTTP/1.1 200 OK\r\nServer: x\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\nhello world\n"))
			var left atomic.Int64
			left.Store(int64(b.N))
			var running sync.WaitGroup
			b.ReportAllocs()
			b.ResetTimer()
			for range 10 {
				c := r.client()
				for range 10 {
					running.Go(func() {
						for left.Add(-1) >= 0 {
							if err := fetch(c, r.url("/a/b?c=d")); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
			}
			running.Wait()
		})
	}
}

func fetch(c *http.Client, url string) error {
	got, err := c.Get(url)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	_, err = io.Copy(io.Discard, got.Body)
	return err
}
