//go:build linux

package behind

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/cli"
	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

func TestMain(m *testing.M) { harness.Main(m, func() int { return cli.Main(cli.Build{}) }) }

func TestNginx(t *testing.T) {
	r := newRig(t)
	r.ldcorn("http.star")
	r.secure = freeAddr(t)
	r.nginx("http", r.file("nginx.conf", "listen 80;", "listen "+r.plain+";", "listen 443 ssl;", "listen "+r.secure+" ssl;",
		"/etc/ssl/example.com.pem", r.cert, "/etc/ssl/example.com.key", r.cert, "127.0.0.1:8000", r.backend))
	r.check()
	r.redirects()
	r.nameless()
}

func TestHAProxy(t *testing.T) {
	r := newRig(t)
	r.ldcorn("http.star")
	r.secure = freeAddr(t)
	r.run("haproxy", "-db", "-f", r.write("haproxy.cfg", r.file("haproxy.cfg", "bind :80", "bind "+r.plain, "bind :443", "bind "+r.secure,
		"/etc/haproxy/example.com.pem", r.cert, "127.0.0.1:8000", r.backend)))
	r.check()
	r.redirects()
}

func TestCaddy(t *testing.T) {
	r := newRig(t)
	r.ldcorn("http.star")
	r.secure = freeAddr(t)
	_, port, _ := strings.Cut(r.secure, ":")
	r.port = "443" // Caddy does not say
	global := "{\n\tadmin off\n\tauto_https disable_redirects\n}\nhttps://:" + port + " {\n\tbind 127.0.0.1\n\ttls " + r.cert + " " + r.cert
	r.run("caddy", "run", "--adapter", "caddyfile", "--config", r.write("Caddyfile", r.file("Caddyfile", "example.com {", global, "127.0.0.1:8000", r.backend)))
	r.check()
}

func TestTraefik(t *testing.T) {
	traefik := cmp.Or(os.Getenv("LDCORN_TEST_TRAEFIK"), harness.Root(t, ".traefik", "bin", "traefik"))
	if !exists(traefik) {
		t.Skip("there is no Traefik; scripts/get-traefik installs it where pip has one")
	}
	r := newRig(t)
	r.ldcorn("http.star")
	r.secure = freeAddr(t)
	r.port = "443" // Traefik takes it from the host
	dynamic := r.write("dynamic.yml", r.file("traefik-dynamic.yml", "example.com`", host+"`", "http://127.0.0.1:8000", "http://"+r.backend,
		"/etc/ssl/example.com.pem", r.cert, "/etc/ssl/example.com.key", r.cert))
	r.run(traefik, "--configFile="+r.write("traefik.yml", r.file("traefik.yml", `":80"`, `"`+r.plain+`"`, `":443"`, `"`+r.secure+`"`,
		"/etc/traefik/dynamic.yml", dynamic)))
	r.check()
}

func TestHAProxy_ProxyProtocol(t *testing.T) {
	r := newRig(t)
	log := r.secured()
	r.run("haproxy", "-db", "-f", r.write("haproxy.cfg", r.file("haproxy-tcp.cfg", "bind :80", "bind "+r.plain, "bind :443", "bind "+r.secure,
		"127.0.0.1:8080", r.backend, "127.0.0.1:8443", r.backendTLS)))
	r.check()
	r.redirects()
	r.http2()
	assert.NotContains(t, string(log.All()), "connection refused", "neither requests nor health checks lack a header")
}

func TestNginx_ProxyProtocol(t *testing.T) {
	r := newRig(t)
	log := r.secured()
	r.nginx("stream", r.file("nginx-stream.conf", "listen 80;", "listen "+r.plain+";", "listen 443;", "listen "+r.secure+";",
		"127.0.0.1:8080", r.backend, "127.0.0.1:8443", r.backendTLS))
	r.check()
	r.redirects()
	r.http2()
	assert.NotContains(t, string(log.All()), "connection refused")
}

// secured starts an ldcorn that ends TLS itself.
func (r *rig) secured() *harness.Log {
	r.t.Helper()
	r.secure = freeAddr(r.t)
	return r.ldcorn("tcp.star", "/etc/ssl/example.com.pem", r.cert, "/etc/ssl/example.com.key", r.cert)
}

// nginx runs nginx with a part of a configuration: the content of http, or stream.
func (r *rig) nginx(kind, part string) {
	r.t.Helper()
	main := "daemon off;\nworker_processes 1;\npid " + filepath.Join(r.dir, "nginx.pid") + ";\nerror_log stderr;\nevents {}\n"
	switch kind {
	case "http":
		main += "http {\naccess_log off;\n"
		for _, what := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
			main += what + "_temp_path " + filepath.Join(r.dir, what) + ";\n"
		}
		main += part + "}\n"
	default:
		// Where the module is built in, there is no file to load.
		for _, dir := range []string{"/usr/lib/nginx/modules", "/usr/lib64/nginx/modules"} {
			if path := filepath.Join(dir, "ngx_stream_module.so"); exists(path) {
				main = "load_module " + path + ";\n" + main
				break
			}
		}
		main += part
	}
	r.run("nginx", "-e", "stderr", "-p", r.dir, "-c", r.write("nginx.conf", main))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// seen is how the app sees a request.
type seen struct {
	Client, Scheme, Host string
	Asked                string // X-Forwarded-Host and X-Forwarded-Port
}

// check checks what must be right behind each proxy.
func (r *rig) check() {
	r.t.Helper()
	r.await()
	if r.port == "" {
		_, r.port, _ = net.SplitHostPort(cmp.Or(r.secure, r.plain))
	}
	scheme := strings.TrimSuffix(r.url("http", ""), "://"+host)

	want := seen{clientIP, scheme, host, host + ":" + r.port}
	r.forged("/scope", want)
	resp, _ := r.ask(r.request(http.MethodGet, "/old", nil))
	assert.Equal(r.t, http.StatusTemporaryRedirect, resp.StatusCode)
	assert.Equal(r.t, r.url("http", "/new"), resp.Header.Get("Location"), "a redirect of the app")
	r.asksForPort(scheme)
	want.Scheme = strings.Replace(scheme, "http", "ws", 1)
	r.websocket(want)
	r.events()
	r.upload()
}

// asksForPort checks that the app sees the port that a client has asked for.
func (r *rig) asksForPort(scheme string) {
	r.t.Helper()
	asked := host + ":8081"
	req := r.request(http.MethodGet, "/scope", nil)
	req.Host = asked
	_, body := r.ask(req)
	var got seen
	require.NoError(r.t, json.Unmarshal([]byte(body), &got), body)
	assert.Equal(r.t, asked, got.Host)
	assert.Contains(r.t, got.Asked, asked+":", "X-Forwarded-Host")
	req = r.request(http.MethodGet, "/old", nil)
	req.Host = asked
	resp, _ := r.ask(req)
	assert.Equal(r.t, scheme+"://"+asked+"/new", resp.Header.Get("Location"), "a redirect of the app")
}

// nameless checks that a client of HTTP/1.0 that names no host is served, as the proxy
// gives it one, and that the host of a request line counts.
func (r *rig) nameless() {
	r.t.Helper()
	for head, want := range map[string]string{
		"GET /scope HTTP/1.0\r\n\r\n": "example.com",
		"GET http://shop.example:81/scope HTTP/1.1\r\nHost: evil.example:81\r\nConnection: close\r\n\r\n": "shop.example:81",
	} {
		conn, err := tls.Dial("tcp", r.secure, &tls.Config{InsecureSkipVerify: true})
		require.NoError(r.t, err)
		defer conn.Close()
		_, err = io.WriteString(conn, head)
		require.NoError(r.t, err)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(r.t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(r.t, err)
		assert.Equal(r.t, http.StatusOK, resp.StatusCode, head)
		assert.Contains(r.t, string(body), `"host": "`+want+`"`)
	}
}

func (r *rig) request(method, path string, body io.Reader) *http.Request {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.url("http", path), body)
	require.NoError(r.t, err)
	return req
}

func (r *rig) ask(req *http.Request) (*http.Response, string) {
	r.t.Helper()
	resp, err := r.client.Do(req)
	require.NoError(r.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(r.t, err)
	return resp, string(body)
}

// forge adds what a client can make up.
func forge(h http.Header) {
	for _, name := range []string{"X-Forwarded-For", "X-Real-IP"} {
		h.Set(name, "203.0.113.9")
	}
	h.Set("Forwarded", "for=203.0.113.9;proto=gopher;host=evil.example")
	h.Set("X-Forwarded-Host", "evil.example")
	h.Set("X-Forwarded-Port", "1")
	h.Set("X-Forwarded-Proto", "gopher")
}

// forged checks that the app sees what is true, whatever the client says.
func (r *rig) forged(path string, want seen) {
	r.t.Helper()
	for _, made := range []func(http.Header){func(http.Header) {}, forge} {
		req := r.request(http.MethodGet, path, nil)
		made(req.Header)
		_, body := r.ask(req)
		var got seen
		require.NoError(r.t, json.Unmarshal([]byte(body), &got), body)
		assert.Equal(r.t, want, got)
	}
}

func (r *rig) websocket(want seen) {
	r.t.Helper()
	header := make(http.Header)
	forge(header)
	conn, _, err := websocket.Dial(r.t.Context(), r.url("ws", "/ws"), &websocket.DialOptions{HTTPClient: r.client, HTTPHeader: header})
	require.NoError(r.t, err)
	defer conn.CloseNow()
	_, text, err := conn.Read(r.t.Context())
	require.NoError(r.t, err)
	var got seen
	require.NoError(r.t, json.Unmarshal(text, &got))
	assert.Equal(r.t, want, got)
	for _, s := range []string{"a", strings.Repeat("b", 20_000)} {
		require.NoError(r.t, conn.Write(r.t.Context(), websocket.MessageText, []byte(s)))
		_, text, err := conn.Read(r.t.Context())
		require.NoError(r.t, err)
		assert.Equal(r.t, s, string(text))
	}
}

// events checks that an event arrives before the next one is made.
func (r *rig) events() {
	r.t.Helper()
	resp, err := r.client.Do(r.request(http.MethodGet, "/events", nil))
	require.NoError(r.t, err)
	defer resp.Body.Close()
	in := bufio.NewReader(resp.Body)
	line, err := in.ReadString('\n')
	require.NoError(r.t, err)
	assert.Equal(r.t, "data: one\n", line)
	r.ask(r.request(http.MethodGet, "/more", nil))
	rest, err := io.ReadAll(in)
	require.NoError(r.t, err)
	assert.Equal(r.t, "\ndata: two\n\n", string(rest))
}

// upload checks bodies of known and of unknown length, which are larger than buffers
// and than what proxies allow by default.
func (r *rig) upload() {
	r.t.Helper()
	data := make([]byte, 3<<20)
	random := rand.NewChaCha8([32]byte{})
	_, _ = random.Read(data)
	sum := sha256.Sum256(data)
	for _, body := range []io.Reader{strings.NewReader(string(data)), io.MultiReader(strings.NewReader(string(data)))} {
		resp, got := r.ask(r.request(http.MethodPost, "/upload", body))
		assert.Equal(r.t, http.StatusOK, resp.StatusCode)
		assert.Equal(r.t, hex.EncodeToString(sum[:]), got)
	}
}

// redirects checks that ldcorn sends clients of plain HTTP to HTTPS, where the proxy
// leaves that to it.
func (r *rig) redirects() {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, "http://"+host+"/a?b=c", nil)
	require.NoError(r.t, err)
	resp, _ := r.ask(req)
	assert.Equal(r.t, http.StatusPermanentRedirect, resp.StatusCode)
	assert.Equal(r.t, "https://"+host+"/a?b=c", resp.Header.Get("Location"))
}

// http2 checks that clients can speak HTTP/2 with ldcorn itself.
func (r *rig) http2() {
	r.t.Helper()
	tr := r.client.Transport.(*http.Transport).Clone()
	tr.ForceAttemptHTTP2 = true
	defer tr.CloseIdleConnections()
	before := r.client
	r.client = &http.Client{Transport: tr}
	defer func() { r.client = before }()
	resp, _ := r.ask(r.request(http.MethodGet, "/", nil))
	assert.Equal(r.t, 2, resp.ProtoMajor)
	r.forged("/scope", seen{clientIP, "https", host, host + ":" + r.port})
	r.upload()
}
