package static

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/head"
)

var someFile = &File{Size: 1000, ETag: `"abc"`, Modified: "Sun, 06 Nov 1994 08:49:37 GMT", changed: 784111777}

// TestAnswerTo checks the conditions and ranges of RFC 9110 sections 13 and 14.
func TestAnswerTo(t *testing.T) {
	whole, unmodified, failed, none := Answer{200, 0, 1000}, Answer{Status: 304}, Answer{Status: 412}, Answer{Status: 416}
	part := func(from, size int64) Answer { return Answer{206, from, size} }
	const later, earlier = "Sun, 06 Nov 1994 08:49:38 GMT", "Sun, 06 Nov 1994 08:49:36 GMT"
	for _, c := range []struct {
		fields string
		want   Answer
	}{
		{"", whole},
		{`If-None-Match: "abc"`, unmodified}, {`If-None-Match: W/"abc"`, unmodified}, {`If-None-Match: "x", "abc"`, unmodified}, {`If-None-Match: *`, unmodified},
		{`If-None-Match: "x"|If-None-Match: "abc"`, unmodified}, {`If-None-Match: "x"`, whole}, {`If-None-Match: abc`, whole}, {`If-None-Match: `, whole},
		{`If-None-Match: "a,bc", "abc"`, unmodified}, {`If-None-Match: "abc`, whole}, {`If-None-Match: W/`, whole}, {`If-None-Match: ,,,`, whole},
		{"If-Modified-Since: " + someFile.Modified, unmodified}, {"If-Modified-Since: " + later, unmodified}, {"If-Modified-Since: " + earlier, whole},
		{"If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT", unmodified}, {"If-Modified-Since: Sun Nov  6 08:49:37 1994", unmodified}, {"If-Modified-Since: yesterday", whole},
		{`If-None-Match: "x"|If-Modified-Since: ` + later, whole},
		{"If-Modified-Since: " + later + "|If-Modified-Since: " + later, whole},
		{`If-Match: "abc"`, whole}, {`If-Match: *`, whole}, {`If-Match: W/"abc"`, failed}, {`If-Match: "x"`, failed},
		{"If-Unmodified-Since: " + someFile.Modified, whole}, {"If-Unmodified-Since: " + earlier, failed}, {`If-Match: "abc"|If-Unmodified-Since: ` + earlier, whole},
		{`If-Match: "abc"|If-None-Match: "abc"`, unmodified},
		{"Range: bytes=0-0", part(0, 1)}, {"Range: bytes=0-", part(0, 1000)}, {"Range: bytes=999-", part(999, 1)}, {"Range: bytes=10-19", part(10, 10)},
		{"Range: bytes=-1", part(999, 1)}, {"Range: bytes=-5000", part(0, 1000)}, {"Range: bytes=0-99999999999999999999999", part(0, 1000)}, {"Range: BYTES = 0-1", part(0, 2)},
		{"Range: bytes=1000-", none}, {"Range: bytes=-0", none}, {"Range: bytes=99999999999999999999999-", none},
		{"Range: bytes=5-1", whole}, {"Range: bytes=", whole}, {"Range: bytes=-", whole}, {"Range: bytes", whole}, {"Range: lines=1-2", whole}, {"Range: bytes=a-b", whole},
		{"Range: bytes=1-2-3", whole}, {"Range: bytes=+1-2", whole}, {"Range: bytes=0x1-2", whole}, {"Range: ", whole}, {"Range: bytes=0--1", whole},
		{"Range: bytes=0-1,5-6", whole}, {"Range: bytes=0-1|Range: bytes=2-3", whole},
		{`Range: bytes=0-1|If-Range: "abc"`, part(0, 2)}, {`Range: bytes=0-1|If-Range: W/"abc"`, whole}, {`Range: bytes=0-1|If-Range: "x"`, whole},
		{"Range: bytes=0-1|If-Range: " + someFile.Modified, part(0, 2)}, {"Range: bytes=0-1|If-Range: " + later, whole}, {"Range: bytes=0-1|If-Range: ", whole},
		{`Range: bytes=0-1|If-None-Match: "abc"`, unmodified}, {`Range: bytes=0-1|If-Match: "x"`, failed},
	} {
		var fields []string
		if c.fields != "" {
			fields = strings.Split(c.fields, "|")
		}
		r := ask(t, "/x", fields...)
		assert.Equal(t, c.want, AnswerTo(r, someFile), c.fields)
		weak := *someFile
		weak.ETag = `W/"abc"`
		if strings.Contains(c.fields, "If-Range") {
			assert.Equal(t, whole, AnswerTo(r, &weak), "weak: %s", c.fields)
		}
		r.Method = []byte("HEAD")
		if want := c.want; want.Status == 206 || want.Status == 416 {
			assert.Equal(t, whole, AnswerTo(r, someFile), "HEAD has no ranges: %s", c.fields)
		}
	}
	assert.Equal(t, none, AnswerTo(ask(t, "/x", "Range: bytes=0-"), &File{ETag: `"x"`}), "an empty file")
	assert.Equal(t, whole, AnswerTo(ask(t, "/x", "If-Modified-Since: "+later), &File{Size: 1000, ETag: `"x"`}), "no date")
}

// TestRangeFlood checks that a field with thousands of ranges (CVE-2011-3192) costs no
// more than the file.
func TestRangeFlood(t *testing.T) {
	var b strings.Builder
	b.WriteString("Range: bytes=0-")
	for i := range 1300 {
		fmt.Fprintf(&b, ",5-%d", i)
	}
	assert.Equal(t, Answer{200, 0, 1000}, AnswerTo(ask(t, "/x", b.String()), someFile))
}

func TestAnswerAllocatesNothing(t *testing.T) {
	r := ask(t, "/x", "Accept-Encoding: gzip, br", `If-None-Match: "x", "abc"`, "If-Modified-Since: "+someFile.Modified, "Range: bytes=0-1")
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		AcceptOf(r)
		AnswerTo(r, someFile)
	}))
}

// TestNewFile checks what a file says of itself.
func TestNewFile(t *testing.T) {
	at := time.Unix(1_000_000, 0)
	id := identity{dev: 1, ino: 2, size: 3, mtime: 10 * int64(time.Second), ctime: 20 * int64(time.Second)}
	f := newFile(nil, "a.CSS", "a.CSS", coding{}, id, at)
	assert.Equal(t, "text/css; charset=utf-8", f.Media)
	assert.Equal(t, "Thu, 01 Jan 1970 00:00:10 GMT", f.Modified)
	assert.True(t, f.isStrong())
	for _, change := range []func(*identity){func(i *identity) { i.ino++ }, func(i *identity) { i.size++ }, func(i *identity) { i.mtime++ }, func(i *identity) { i.ctime++ }} {
		other := id
		change(&other)
		assert.NotEqual(t, f.ETag, newFile(nil, "a", "a", coding{}, other, at).ETag)
	}
	id.mtime = at.Add(time.Hour).UnixNano()
	f = newFile(nil, "a", "a", coding{}, id, at)
	assert.Empty(t, f.Modified, "in the future")
	assert.False(t, f.isStrong())
	assert.Equal(t, defaultMedia, f.Media)
	id.mtime = int64(time.Second)
	assert.Empty(t, newFile(nil, "a", "a", coding{}, id, at).Modified, "a time that says nothing")
}

// FuzzAnswerTo checks that what is sent is always a part of the file.
func FuzzAnswerTo(f *testing.F) {
	f.Add("bytes=0-1", `"abc"`, "gzip;q=0.5", int64(10))
	f.Add("bytes=-5", "Sun, 06 Nov 1994 08:49:37 GMT", "*", int64(0))
	f.Fuzz(func(t *testing.T, set, tag, accept string, size int64) {
		file := *someFile
		file.Size = max(size, 0)
		r := new(head.Request)
		r.Reset()
		r.Method = []byte("GET")
		for name, value := range map[string]string{"Range": set, "If-Range": tag, "If-None-Match": tag, "If-Match": tag, "If-Modified-Since": tag, "Accept-Encoding": accept} {
			r.Fields = append(r.Fields, head.Field{Name: []byte(name), Value: []byte(value)})
			a := AnswerTo(r, &file)
			if a.From < 0 || a.Size < 0 || a.From+a.Size > file.Size || a.Status == 206 && a.Size == 0 {
				t.Fatalf("%+v of %d bytes", a, file.Size)
			}
			if AcceptOf(r) >= accepts {
				t.Fatal("unknown variant")
			}
		}
	})
}
