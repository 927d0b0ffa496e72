package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNewHeaderEdit(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"X-A", "b", ""},
		{"x_a", "", ""},
		{"Set-Cookie", "a=b; Path=/", ""},
		{"X-A", "tab\there, é", ""},
		{"", "b", "the name is empty"},
		{"X A", "b", "characters that a header name cannot have"},
		{"X-A:", "b", "characters that a header name cannot have"},
		{"X-É", "b", "characters that a header name cannot have"},
		{strings.Repeat("x", 257), "b", "257 characters"},
		{"Content-Length", "1", "how the body is sent"},
		{"TRANSFER-ENCODING", "chunked", "how the body is sent"},
		{"connection", "close", "one connection only"},
		{"Upgrade", "h2c", "one connection only"},
		{"Sec-WebSocket-Accept", "x", "the two ends of a websocket"},
		{"X-A", "b\r\nX-B: c", "contains a line break"},
		{"X-A", "b\n", "contains a line break"},
		{"X-A", "b\x00", "control character"},
		{"X-A", "b\x7f", "control character"},
		{"X-A", " b", "blanks around it"},
	} {
		for _, op := range []HeaderOp{HeaderSet, HeaderAdd} {
			_, err := NewHeaderEdit(op, c.name, Secret(c.value))
			if c.want == "" {
				assert.NoError(t, err, "%q", c.name)
			} else if assert.ErrorContains(t, err, c.want, "%q", c.name) && c.value != "b" {
				assert.NotContains(t, err.Error(), "X-B", "a value is not shown")
			}
		}
	}
	_, err := NewHeaderEdit(HeaderRemove, "Content-Length", Text{})
	assert.Error(t, err)
}

func TestHeaderEditSides(t *testing.T) {
	for _, c := range []struct {
		op   HeaderOp
		name string
		want string // for ToWorker
	}{
		{HeaderSet, "Authorization", ""},
		{HeaderSet, "Cookie", ""},
		{HeaderSet, "Host", "the host that the client asked for"},
		{HeaderRemove, "host", "the host that the client asked for"},
		{HeaderAdd, "X-Forwarded-For", "trusted_proxies"},
		{HeaderRemove, "Forwarded", "trusted_proxies"},
		{HeaderSet, "X-Forwarded-Ssl", "use another name"},
		{HeaderSet, "X-Request-ID", "its logs and the app's agree"},
		{HeaderSet, "X_Name", "read it as another name"},
		{HeaderRemove, "X_Name", ""},
	} {
		e, err := NewHeaderEdit(c.op, c.name, Plain("v"))
		require.NoError(t, err)
		assert.NoError(t, e.CheckSide(ToClient), c.name)
		if err := e.CheckSide(ToWorker); c.want == "" {
			assert.NoError(t, err, c.name)
		} else {
			assert.ErrorContains(t, err, c.want)
		}
	}
}

// TestHeaderEditShown: an edit is comparable, and does not show a secret.
func TestHeaderEditShown(t *testing.T) {
	edit := func(op HeaderOp, name string, value Text) HeaderEdit {
		e, err := NewHeaderEdit(op, name, value)
		require.NoError(t, err)
		return e
	}
	assert.Equal(t, `set_header("X-A", "b\"c")`, edit(HeaderSet, "X-A", Plain(`b"c`)).String())
	assert.Equal(t, `remove_header("X-A")`, edit(HeaderRemove, "X-A", Text{}).String())
	assert.Equal(t, edit(HeaderAdd, "X-A", Plain("b")), edit(HeaderAdd, "X-A", Plain("b")))
	hidden := edit(HeaderSet, "X-A", Secret("hunter2"))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		assert.NotContains(t, fmt.Sprintf(verb, hidden), "hunter2", verb)
	}
	old := &Group{Name: "a", RequestHeaders: []HeaderEdit{hidden}}
	next := &Group{Name: "a", RequestHeaders: []HeaderEdit{edit(HeaderSet, "X-A", Secret("hunter3"))}}
	changes := compare(GroupAttributes, old, next, nil)
	require.Len(t, changes, 1)
	assert.Equal(t, AttributeChange{Name: "request_headers", Effect: EffectProxy,
		Before: `[set_header("X-A", (secret))]`, After: `[set_header("X-A", (secret))]`}, changes[0])
	salt := []byte("salt")
	assert.NotEqual(t, attrs(GroupAttributes, old, salt), attrs(GroupAttributes, next, salt), "a record tells secrets apart")
}
