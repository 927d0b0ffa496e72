package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1/http1test"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// eachDriverB is eachDriver for benchmarks.
func eachDriverB(b *testing.B, bench func(b *testing.B, driver string)) {
	for _, d := range netloop.Drivers() {
		b.Run(d, func(b *testing.B) { bench(b, d) })
	}
}

// BenchmarkRequest sends one request at a time on one connection over real
// sockets. The benchmark's client and worker allocate nothing, so it counts the
// proxy's allocations.
func BenchmarkRequest(b *testing.B) {
	chunked := "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
	post := http1test.Post("Content-Length: 5\r\n") + "hello"
	for _, c := range []struct{ name, in, answer, want string }{
		{"get", http1test.Get("/a/b?c=d"), hello, "\r\nhello"},
		{"post", post, hello, "\r\nhello"},
		{"chunked", http1test.Post("Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n0\r\n\r\n", chunked, "0\r\n\r\n"},
	} {
		b.Run(c.name, func(b *testing.B) { benchmarkRequest(b, 1, c.in, c.answer, c.want) })
	}
}

// BenchmarkRequests does the same on 64 connections at once.
func BenchmarkRequests(b *testing.B) {
	benchmarkRequest(b, 64, http1test.Get("/a/b?c=d"), hello, "\r\nhello")
}

func benchmarkRequest(b *testing.B, conns int, in, answer, want string) {
	eachDriverB(b, func(b *testing.B, driver string) {
		r := newRig(b, driver, nil)
		r.worker("default", parrot(in, answer))
		c := newCrowd(r, conns, in, want)
		c.ask(b)
		b.ReportAllocs()
		b.ResetTimer()
		for asked := 0; asked < b.N; asked += conns {
			c.ask(b)
		}
	})
}

// A crowd is many clients that send requests at the same time, without
// allocating.
type crowd struct {
	conns   []net.Conn
	in, end []byte
	buf     []byte
}

// newCrowd connects conns clients that send in and wait for an answer that ends
// in want.
func newCrowd(r *rig, conns int, in, want string) *crowd {
	c := &crowd{in: []byte(in), end: []byte(want), buf: make([]byte, 4096)}
	for range conns {
		c.conns = append(c.conns, r.dial())
	}
	return c
}

// ask makes each client send its request and then wait for the answer.
func (c *crowd) ask(t testing.TB) {
	for _, conn := range c.conns {
		if _, err := conn.Write(c.in); err != nil {
			t.Fatal(err)
		}
	}
	for _, conn := range c.conns {
		for n := 0; n < len(c.end) || string(c.buf[n-len(c.end):n]) != string(c.end); {
			m, err := conn.Read(c.buf[n:])
			if err != nil {
				t.Fatal(err)
			}
			n += m
		}
	}
}

// parrot answers each request, which must end like in, without inspecting it
// and without allocating.
func parrot(in, answer string) manner {
	end := []byte(in[len(in)-4:])
	return func(c net.Conn, _ *bufio.Reader) {
		buf, out := make([]byte, 4096), []byte(answer)
		for n := 0; ; {
			m, err := c.Read(buf[n:])
			if err != nil {
				return
			}
			if n += m; n >= len(end) && string(buf[n-len(end):n]) == string(end) {
				n = 0
				if _, err := c.Write(out); err != nil {
					return
				}
			}
		}
	}
}

// TestRequestAllocatesNothing checks that requests allocate nothing in the
// steady state, on the drivers that are designed for that.
func TestRequestAllocatesNothing(t *testing.T) {
	countsAllocations(t)
	for _, driver := range netloop.Drivers() {
		if driver != "goroutine" {
			t.Run(driver, func(t *testing.T) { requestAllocatesNothing(t, driver, func(*plan.Plan) {}) })
			t.Run(driver+", traced, not sampled, and its answer logged", func(t *testing.T) {
				requestAllocatesNothing(t, driver, func(p *plan.Plan) {
					p.Tracing, p.LogFields = new(plan.Tracing), []plan.LogField{"response.header:Server"}
				})
			})
		}
	}
}

func requestAllocatesNothing(t *testing.T, driver string, change func(*plan.Plan)) {
	p := planOf(t, map[string]string{"default": "*"})
	change(p)
	p.RequestHeaders, p.ResponseHeaders = edits(t, "add X-A 1", "remove X-B"), edits(t, "set Server ldcorn")
	r := newRig(t, driver, p)
	in := []byte(http1test.Post("Content-Length: 5\r\nX-Request-ID: abc\r\n") + "hello")
	r.worker("default", parrot(string(in), hello))
	for _, conns := range []int{1, 16} {
		c := newCrowd(r, conns, string(in), "hello")
		for range 20 { // pools fill, and slices grow
			c.ask(t)
		}
		allocs := testing.AllocsPerRun(1000/conns, func() { c.ask(t) })
		require.Less(t, allocs/float64(conns), 0.5, "%d at once", conns) // a garbage collection may empty a pool
	}
}

const gib = 1 << 30

// BenchmarkUpload and BenchmarkDownload move 1 GiB each way, and report how
// much the peak of the resident memory grew.
func BenchmarkUpload(b *testing.B) {
	for name, head := range map[string]string{
		"length":  http1test.Post(fmt.Sprintf("Content-Length: %d\r\n", gib)),
		"chunked": http1test.Post("Transfer-Encoding: chunked\r\n"),
	} {
		b.Run(name, func(b *testing.B) {
			eachDriverB(b, func(b *testing.B, driver string) {
				r := newRig(b, driver, nil)
				r.worker("default", answering(hello))
				b.SetBytes(gib)
				before := resident(b)
				for b.Loop() {
					c := r.dial()
					_, err := io.WriteString(c, head)
					require.NoError(b, err)
					require.NoError(b, pour(c, gib, name == "chunked"))
					in := bufio.NewReader(c)
					got, err := readHead(in)
					require.NoError(b, err)
					require.Contains(b, got, "200 OK")
				}
				b.ReportMetric(peak(b)-before, "MiB-grown")
			})
		})
	}
}

func BenchmarkDownload(b *testing.B) {
	for name, head := range map[string]string{
		"length":  fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", gib),
		"chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		"close":   "HTTP/1.1 200 OK\r\n\r\n",
	} {
		b.Run(name, func(b *testing.B) {
			eachDriverB(b, func(b *testing.B, driver string) {
				r := newRig(b, driver, nil)
				r.worker("default", func(c net.Conn, in *bufio.Reader) {
					if _, err := readHead(in); err == nil {
						io.WriteString(c, head)
						_ = pour(c, gib, name == "chunked")
					}
				})
				buf := make([]byte, 256<<10)
				b.SetBytes(gib)
				before := resident(b)
				for b.Loop() {
					c := r.dial()
					_, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
					require.NoError(b, err)
					n := 0
					for err == nil {
						var m int
						m, err = c.Read(buf)
						n += m
					}
					require.Equal(b, io.EOF, err)
					require.GreaterOrEqual(b, n, gib)
				}
				b.ReportMetric(peak(b)-before, "MiB-grown")
			})
		})
	}
}

// pour writes n bytes, chunked if asked.
func pour(c net.Conn, n int, chunked bool) error {
	const size = 64 << 10
	part := []byte(strings.Repeat("0123456789abcdef", size/16))
	if chunked {
		part = []byte(fmt.Sprintf("%x\r\n%s\r\n", size, part))
	}
	for range n / size {
		if _, err := c.Write(part); err != nil {
			return err
		}
	}
	if chunked {
		_, err := io.WriteString(c, "0\r\n\r\n")
		return err
	}
	return nil
}

// resident resets the peak of this process's resident memory and returns the
// current value in MiB, or 0 if the system does not report it.
func resident(t testing.TB) float64 {
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
	return peak(t)
}

// peak returns the peak of the resident memory in MiB.
func peak(t testing.TB) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	var kib float64
	_, err = fmt.Sscan(after, &kib)
	require.NoError(t, err)
	return kib / 1024
}

// TestBoundedMemory moves 64 MiB both ways on a few connections at once,
// between peers that are slower than the proxy, and checks how much the proxy
// allocates for that.
func TestBoundedMemory(t *testing.T) {
	const size, conns = 16 << 20, 4
	eachDriver(t, func(t *testing.T, driver string) {
		r := newRig(t, driver, nil)
		r.worker("default", func(c net.Conn, in *bufio.Reader) {
			if head, err := readHead(in); err != nil || readBody(in, head) != nil {
				return
			}
			io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
			_ = pour(c, size, true)
		})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		errs := make(chan error, conns)
		for range conns {
			c := r.client()
			go func() {
				_, err := io.WriteString(c, http1test.Post("Transfer-Encoding: chunked\r\n"))
				if err == nil {
					err = pour(c, size, true)
				}
				errs <- err
			}()
			go func() {
				_, err := io.Copy(io.Discard, io.LimitReader(c.in, size))
				errs <- err
			}()
		}
		for range 2 * conns {
			require.NoError(t, <-errs)
		}
		runtime.ReadMemStats(&after)
		limit := uint64(8 << 20) // mostly for the test itself
		if raceEnabled {
			limit = size * conns // its pools drop items on purpose
		}
		require.Less(t, after.TotalAlloc-before.TotalAlloc, limit)
	})
}
