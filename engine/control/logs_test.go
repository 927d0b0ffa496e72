package control

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestServer_Logs(t *testing.T) {
	m := new(fakeMaster)
	_, c := start(t, m)
	for _, test := range []struct {
		want TailRequest
		text string
	}{
		{TailRequest{Newest: -1, Groups: []string{"old"}}, ""}, // the group runs, and has logged nothing
		{TailRequest{Newest: -1}, "master\nof a group that was\n"},
		{TailRequest{Newest: 1}, "of a group that was\n"},
		{TailRequest{Newest: -1, Groups: []string{"gone"}}, "of a group that was\n"},
	} {
		var out bytes.Buffer
		require.NoError(t, c.Logs(t.Context(), test.want, &out))
		assert.Equal(t, test.text, out.String())
	}
	err := c.Logs(t.Context(), TailRequest{Groups: []string{"nosuch"}}, io.Discard)
	require.ErrorContains(t, err, `no group "nosuch"; known groups: "gone"`)
	_, err = c.do(t.Context(), "GET", "/v1/logs?lines=x", nil)
	require.Error(t, err)
}

// TestServer_FollowLogs: a client that reads slowly delays nobody, and learns how many
// lines it has lost. The answer ends when the client leaves, and with the master.
func TestServer_FollowLogs(t *testing.T) {
	m := new(fakeMaster)
	s, c := start(t, m)
	ctx, cancel := context.WithCancel(t.Context())
	lines, err := c.open(ctx, "GET", "/v1/logs?"+(&TailRequest{Newest: 0, Follow: true}).values().Encode(), nil)
	require.NoError(t, err)
	m.logs.Add("api", []byte("first\n"))
	buf := make([]byte, 64<<10)
	_, err = lines.Read(buf) // now the reader knows the group
	require.NoError(t, err)
	line := []byte(strings.Repeat("x", 999) + "\n")
	for range 20_000 { // more than sockets and the book can hold
		m.logs.Add("api", line)
	}
	m.logs.Add("api", []byte("last\n"))
	var seen bytes.Buffer
	for !strings.HasSuffix(seen.String(), "last\n") {
		n, err := lines.Read(buf)
		require.NoError(t, err)
		seen.Write(buf[:n])
	}
	assert.Contains(t, seen.String(), " lost\n")
	cancel()
	lines.Close()

	ended := make(chan error, 1)
	go func() { ended <- c.Logs(t.Context(), TailRequest{Follow: true}, io.Discard) }()
	s.Close()
	<-ended // with an error if it came too late
}
