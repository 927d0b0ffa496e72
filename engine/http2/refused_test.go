package http2

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestRefusedHeads checks that no head reaches a worker that means something else in
// HTTP/1.1 than in HTTP/2, or that an HTTP/1.1 client could not send. answer is the
// status, or the error code of the reset or the GOAWAY. Where net/http finds the same
// fault at the same time as ldcorn, either can come.
func TestRefusedHeads(t *testing.T) {
	tests := map[string]struct {
		fields []string
		open   bool // the stream does not end with the head
		body   string
		answer string
	}{
		"line feed in a value":          {fields: get("x-a: b\nx-c: d"), answer: "PROTOCOL_ERROR"},
		"carriage return in a value":    {fields: get("x-a: b\r"), answer: "PROTOCOL_ERROR"},
		"null byte in a value":          {fields: get("x-a: b\x00c"), answer: "PROTOCOL_ERROR"},
		"line feed in the path":         {fields: get(":path: /a\nb"), answer: "PROTOCOL_ERROR"},
		"space in the path":             {fields: get(":path: /a HTTP/1.1"), answer: "400"},
		"control byte in the method":    {fields: get(":method: GE\rT"), answer: "PROTOCOL_ERROR"},
		"space in the method":           {fields: get(":method: GET /x HTTP/1.1"), answer: "400"},
		"upper case in a name":          {fields: get("X-A: b"), answer: "PROTOCOL_ERROR"},
		"colon in a name":               {fields: get("x:a: b"), answer: "PROTOCOL_ERROR"},
		"space in a name":               {fields: get("x a: b"), answer: "PROTOCOL_ERROR"},
		"line feed in a name":           {fields: get("x-a\n: b"), answer: "PROTOCOL_ERROR"},
		"transfer-encoding":             {fields: get("transfer-encoding: chunked"), open: true, answer: "400"},
		"connection":                    {fields: get("connection: x-a"), answer: "400"},
		"upgrade":                       {fields: get("upgrade: websocket"), answer: "400"},
		"keep-alive":                    {fields: get("keep-alive: timeout=5"), answer: "400"},
		"proxy-connection":              {fields: get("proxy-connection: close"), answer: "400"},
		"te that is not trailers":       {fields: get("te: gzip"), answer: "400"},
		"two lengths":                   {fields: get(":method: POST", "content-length: 1", "content-length: 1"), open: true, body: "a", answer: "400 or PROTOCOL_ERROR"},
		"a list of lengths":             {fields: get(":method: POST", "content-length: 1,1"), open: true, body: "a", answer: "400 or PROTOCOL_ERROR"},
		"a signed length":               {fields: get(":method: POST", "content-length: +1"), open: true, body: "a", answer: "400 or PROTOCOL_ERROR"},
		"a length without a body":       {fields: get(":method: POST", "content-length: 5"), answer: "400"},
		"a body longer than its length": {fields: get(":method: POST", "content-length: 1"), open: true, body: "ab", answer: "PROTOCOL_ERROR"},
		"a body shorter":                {fields: get(":method: POST", "content-length: 3"), open: true, body: "ab", answer: "400"},
		"no host":                       {fields: get(":authority:"), answer: "400"},
		"two hosts":                     {fields: get(":authority:", "host: a", "host: a"), answer: "400"},
		"a host that differs":           {fields: get("host: b.example"), answer: "400"},
		"user information":              {fields: get(":authority: u@a.example"), answer: "PROTOCOL_ERROR"},
		"a host that is none":           {fields: get(":authority: a/b"), answer: "400"},
		"a path without a slash":        {fields: get(":path: x"), answer: "PROTOCOL_ERROR"},
		"a path with dots":              {fields: get(":path: /a/../b"), answer: "400"},
		"a path with escaped dots":      {fields: get(":path: /a/%2e%2e/b"), answer: "400"},
		"a fragment":                    {fields: get(":path: /a#b"), answer: "400"},
		"a backslash":                   {fields: get(`:path: /a\b`), answer: "400"},
		"a broken escape":               {fields: get(":path: /%zz"), answer: "PROTOCOL_ERROR"},
		"an absolute path":              {fields: get(":path: http://b.example/"), answer: "400"},
		"an empty path":                 {fields: get(":path:"), answer: "PROTOCOL_ERROR"},
		"TRACE":                         {fields: get(":method: TRACE"), answer: "405"},
		"CONNECT":                       {fields: get(":method: CONNECT", ":path:", ":scheme:"), answer: "405"},
		"an unknown protocol":           {fields: get(":method: CONNECT", ":protocol: foo"), open: true, answer: "501"},
		"a websocket of another age":    {fields: get(":method: CONNECT", ":protocol: websocket", "sec-websocket-version: 8"), open: true, answer: "400"},
		"a websocket with a length":     {fields: get(":method: CONNECT", ":protocol: websocket", "sec-websocket-version: 13", "content-length: 5"), open: true, answer: "400"},
		"a websocket with a path":       {fields: get(":method: CONNECT", ":protocol: websocket", "sec-websocket-version: 13", ":path: /a/../b"), open: true, answer: "400"},
		"an unknown pseudo-header":      {fields: get(":foo: bar"), answer: "PROTOCOL_ERROR"},
		"an unknown expectation":        {fields: get(":method: POST", "expect: 200-ok"), open: true, answer: "417"},
		"too many fields":               {fields: get(many(200)...), answer: "431"},
		"a head that is too large":      {fields: get("x-a: "+strings.Repeat("a", 40_000), "x-b: "+strings.Repeat("b", 40_000)), answer: "431"},
		"a field that is too large":     {fields: get("x-a: " + strings.Repeat("a", 100_000)), answer: "431"},
		"a field far too large":         {fields: get("x-a: " + strings.Repeat("a", 200_000)), answer: "COMPRESSION_ERROR"},
		"a path that is too long":       {fields: get(":path: /" + strings.Repeat("a", 70_000)), answer: "414"},
		"a long name":                   {fields: get(strings.Repeat("a", 1000) + ": b"), answer: "431"},
	}
	r := newRig(t, "", nil)
	r.worker(func(w http.ResponseWriter, req *http.Request) { hello(w, req) })
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := r.raw()
			c.t = t
			id := c.askLong(test.fields, !test.open)
			if test.open && test.body != "" {
				_ = c.WriteData(id, true, []byte(test.body))
			}
			got := c.hear(id)
			assert.NotEqual(t, "200", got.status)
			answer := got.status
			if answer == "" {
				answer = got.goAway
			}
			if answer == "" {
				answer = got.reset
			}
			assert.Contains(t, strings.Split(test.answer, " or "), answer, "%+v", got)
		})
	}
}

func many(n int) (fields []string) {
	for i := range n {
		fields = append(fields, "x-"+string(rune('a'+i%26))+string(rune('a'+i/26))+": b")
	}
	return fields
}
