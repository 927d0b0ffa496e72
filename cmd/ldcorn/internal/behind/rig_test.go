//go:build linux

package behind

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// A rig is an ldcorn with a proxy in front, each with a file of docs/behind.
type rig struct {
	t          testing.TB
	dir        string
	cert       string       // the path of a certificate with its key
	client     *http.Client // connects to secure, or to plain
	plain      string       // where the proxy speaks HTTP
	secure     string       // where it speaks HTTPS; "" if it does not
	backend    string       // where ldcorn listens first
	backendTLS string       // where it listens last
	port       string       // that the app sees; "" is that of the proxy
}

// clientIP is the address of the client, which is not that of the proxy.
const clientIP = "127.0.0.9"

// host is what the client asks for.
const host = "shop.example"

func newRig(t testing.TB) *rig {
	t.Helper()
	dir, err := os.MkdirTemp("", "b") // short, for sockets
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	r := &rig{t: t, dir: dir, plain: freeAddr(t)}
	var roots *x509.CertPool
	r.cert, roots = certificate(t, dir)
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(clientIP)}}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if strings.HasSuffix(addr, ":443") {
				return dialer.DialContext(ctx, network, r.secure)
			}
			return dialer.DialContext(ctx, network, r.plain)
		},
		TLSClientConfig: &tls.Config{RootCAs: roots},
	}
	t.Cleanup(transport.CloseIdleConnections)
	r.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return r
}

// url returns the address of a path as the client knows it.
func (r *rig) url(scheme, path string) string {
	if r.secure != "" {
		scheme += "s"
	}
	return scheme + "://" + host + path
}

// freeAddr returns an address on which nobody listens.
func freeAddr(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	return ln.Addr().String()
}

// certificate writes a certificate for host with its key into one file, as HAProxy wants
// it, and returns a pool that trusts it.
func certificate(t testing.TB, dir string) (string, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	text := slices.Concat(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
	path := filepath.Join(dir, "cert.pem")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(text))
	return path, roots
}

// file returns a file of docs/behind. Each old text in it becomes the new one.
func (r *rig) file(name string, oldNew ...string) string {
	r.t.Helper()
	text, err := os.ReadFile(harness.Root(r.t, "docs", "behind", name))
	require.NoError(r.t, err)
	out := string(text)
	for i := 0; i < len(oldNew); i += 2 {
		require.Contains(r.t, out, oldNew[i], "of %s", name)
		out = strings.ReplaceAll(out, oldNew[i], oldNew[i+1])
	}
	return out
}

// write writes a file into the folder of the rig, and returns its path.
func (r *rig) write(name, text string) string {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	require.NoError(r.t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// run runs a program until the test ends, and returns its log.
func (r *rig) run(name string, args ...string) *harness.Log {
	r.t.Helper()
	log := new(harness.Log)
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = r.dir, log, log
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+r.dir, "HOME="+r.dir, "XDG_DATA_HOME="+r.dir, "XDG_CONFIG_HOME="+r.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(r.t, cmd.Start(), "hint: make test installs the proxies, and so does scripts/get-proxies alone")
	r.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		if r.t.Failed() {
			r.t.Logf("%s:\n%s", name, log.All())
		}
	})
	return log
}

// ldcorn starts ldcorn with a file of docs/behind, in which each old text becomes the
// new one, and each address one that the system chooses.
func (r *rig) ldcorn(config string, oldNew ...string) *harness.Log {
	r.t.Helper()
	app, err := os.ReadFile(filepath.Join("testdata", "main.py"))
	require.NoError(r.t, err)
	r.write("main.py", string(app))
	python := filepath.Join(r.dir, "python3")
	require.NoError(r.t, harness.WriteWrapper(python, harness.Python(r.t)))
	text := r.file(config, append(oldNew, `app = "main:app"`, `app = "main:app", python = "`+python+`"`)...)
	ports := regexp.MustCompile(`"127\.0\.0\.1:\d+"`)
	n := 0
	text = ports.ReplaceAllStringFunc(text, func(string) string {
		n++
		return fmt.Sprintf(`"127.0.0.%d:0"`, n)
	})
	log := r.run("ldcorn", "-c", r.write("ldconfig.star", text))
	var found [][][]byte
	require.True(r.t, harness.Until(func() bool {
		found = harness.Listening.FindAllSubmatch(log.All(), -1)
		return len(found) == n
	}), "%s", log.All())
	r.backend = string(found[0][1])
	r.backendTLS = string(found[len(found)-1][1])
	return log
}

// await waits until the proxy serves.
func (r *rig) await() {
	r.t.Helper()
	require.True(r.t, harness.Until(func() bool {
		resp, err := r.client.Get(r.url("http", "/"))
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}), "the proxy does not serve")
}
