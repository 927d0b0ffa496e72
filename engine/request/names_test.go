package request

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/http1"
)

// big returns the view of a head of any size.
func big(t testing.TB, target, lines string) *View {
	t.Helper()
	in := []byte("GET " + target + " HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n")
	req := new(http1.Request)
	n, err := req.Parse(in, &http1.Limits{MaxHead: 1 << 20, MaxLine: 1 << 20, MaxFields: 10_000})
	require.Nil(t, err)
	require.Equal(t, len(in), n)
	return &View{Head: &req.Request, Origin: &sampleOrigin{ip: loopback, scheme: "http", id: []byte("ours")}}
}

// allOf returns all values with a name.
func allOf(v *View, name string) string {
	var b strings.Builder
	cookie, ok := v.Cookie(name)
	fmt.Fprintf(&b, "cookie %q %v\n", cookie, ok)
	sole, ok := v.SoleCookie(name)
	fmt.Fprintf(&b, "sole cookie %q %v\n", sole, ok)
	query, ok := v.Query(name)
	fmt.Fprintf(&b, "query %q %v\n", query, ok)
	lower := strings.ToLower(name)
	for value, at, ok := v.NextHeader(lower, 0); ok; value, at, ok = v.NextHeader(lower, at) {
		fmt.Fprintf(&b, "header %q\n", value)
	}
	return b.String()
}

// FuzzNames: the table finds the same as a search without it.
func FuzzNames(f *testing.F) {
	f.Add("a=1;b=2; a=3", "a=1&b=2&a=3", "x-a: 1\r\nX-B: 2\r\nX-A: 3\r\n", "a", "x-a")
	f.Add(" a =1;=2;a;\ta\t=x=y\u00a0; sid=;;", "%61=1&a+b=%20&&=x&a", "Cookie: sid=1\r\nX-Request-ID: a\r\nX-Forwarded-For: b\r\nConnection: x-hop\r\nX-Hop: 1\r\n", "sid", "a b")
	f.Add("a=1; a=2; sid=1;sid = 1; x-a=\"\\141%61\"; a b=1; a b=\"1\"", "", "", "x-a", "a b")
	f.Add("a=1", "a=%ff&%ff=a", "host2: x\r\n", "host", "x-request-id")
	f.Fuzz(func(t *testing.T, cookies, query, lines, first, second string) {
		in := []byte("GET /?" + query + " HTTP/1.1\r\nHost: a\r\nCookie: " + cookies + "\r\n" + lines + "\r\n")
		req := new(http1.Request)
		if n, err := req.Parse(in, nil); err != nil || n != len(in) {
			return
		}
		v := &View{Head: &req.Request, Origin: &sampleOrigin{ip: loopback, scheme: "http", id: []byte("ours")}}
		names := []string{first, second, "sid", "a", "cookie", "host", "x-request-id", "x-forwarded-for"}
		for _, name := range names {
			if name == "" || strings.ContainsAny(name, "=;&") {
				continue // no configuration can contain this name
			}
			v.Release()
			plain := allOf(v, name)
			for i := range v.names {
				v.names[i].looked = maxLooked + 1
			}
			require.Equal(t, plain, allOf(v, name), "%q in %q", name, in)
			require.True(t, v.names[headerNames].built)
		}
	})
}

// TestNamesOfTheNextHead: a table belongs to one head.
func TestNamesOfTheNextHead(t *testing.T) {
	v := big(t, "/?a=1", "Cookie: a=1\r\nX-A: 1\r\n")
	for range maxLooked {
		allOf(v, "a")
	}
	require.True(t, v.names[cookieNames].built && v.names[queryNames].built && v.names[headerNames].built)
	one := allOf(v, "a") + allOf(v, "X-A")
	v.Head = big(t, "/?b=1&a=2", "Cookie: b=1; a=2\r\nX-B: 1\r\nX-A: 2\r\n").Head
	v.Release()
	assert.Equal(t, strings.ReplaceAll(one, `"1"`, `"2"`), allOf(v, "a")+allOf(v, "X-A"))
}

// TestWorkOfNames: the number of bytes searched does not grow with the number
// of names looked for.
func TestWorkOfNames(t *testing.T) {
	v := big(t, "/?"+strings.Repeat("a=1&", 2000), "Cookie: "+strings.Repeat("a=1;", 10000)+"\r\n"+strings.Repeat("X-Abc: 1\r\n", 900))
	for i := range 1000 {
		allOf(v, fmt.Sprintf("x-%03d", i))
	}
	for i := range v.names {
		assert.LessOrEqual(t, v.names[i].looked, maxLooked+40000, "the limit, and a whole header more")
	}
}

// BenchmarkNames measures the work for names in a head of 60 KB, by how many
// names are looked for.
func BenchmarkNames(b *testing.B) {
	var cookies, fields strings.Builder
	for i := range 6000 {
		fmt.Fprintf(&cookies, "c%d=%d;", i, i%10)
	}
	for i := range 900 {
		fmt.Fprintf(&fields, "X-%056d: 1\r\n", i)
	}
	for _, n := range []int{1, 10, 100, 1000} {
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprintf("x-%056d", 10_000+i)
		}
		b.Run(fmt.Sprintf("cookies/%d", n), func(b *testing.B) {
			v := big(b, "/", "Cookie: "+cookies.String()+"\r\n")
			for b.Loop() {
				for _, name := range names {
					v.Cookie(name)
				}
				v.Release()
			}
		})
		b.Run(fmt.Sprintf("headers/%d", n), func(b *testing.B) {
			v := big(b, "/", fields.String())
			for b.Loop() {
				for _, name := range names {
					v.Header(name)
				}
				v.Release()
			}
		})
	}
}
