package acmetest

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
)

// A relay passes connections on to an address that can change: host:port or
// unix:/path.
type relay struct {
	ln net.Listener
	to atomic.Pointer[string] // nil or "" = nobody
}

func newRelay() (*relay, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &relay{ln: ln}
	go r.run()
	return r, nil
}

func (r *relay) port() int { return r.ln.Addr().(*net.TCPAddr).Port }
func (r *relay) close()    { r.ln.Close() }

func (r *relay) run() {
	for {
		c, err := r.ln.Accept()
		if err != nil {
			return
		}
		go r.pass(c)
	}
}

func (r *relay) pass(c net.Conn) {
	defer c.Close()
	to := r.to.Load()
	if to == nil || *to == "" {
		return
	}
	network, addr := "tcp", *to
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		network, addr = "unix", path
	}
	server, err := net.Dial(network, addr)
	if err != nil {
		return
	}
	defer server.Close()
	var both sync.WaitGroup
	both.Go(func() {
		_, _ = io.Copy(server, c)
		closeWrite(server)
	})
	both.Go(func() {
		_, _ = io.Copy(c, server)
		closeWrite(c)
	})
	both.Wait()
}

func closeWrite(c net.Conn) {
	if c, ok := c.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
	}
}

// suggestion is the request that changes what Pebble suggests for a certificate.
func suggestion(leaf *x509.Certificate, answer string) *http.Request {
	body, _ := json.Marshal(map[string]string{ // strings always have a form in JSON
		"Certificate": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw})),
		"ARIResponse": answer,
	})
	r := httptest.NewRequest(http.MethodPost, "/set-renewal-info/", bytes.NewReader(body))
	r.Header.Set("User-Agent", "ldcorn/test") // Pebble demands one
	return r
}
