//go:build linux

package monitoring

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/cli"
	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

func TestMain(m *testing.M) { harness.Main(m, func() int { return cli.Main(cli.Build{}) }) }

// everything is a configuration in which every metric has a series.
const everything = `
config = LdConfig(
    bind = [listen("127.0.0.1:0", tls = tls(%q))],
    admin = "127.0.0.1:0",
    on_event = [hook(["true"])],
    static = [static("/files", dir = "files")],
    workers = [
        WorkerGroup(name = "web", app = "app:app", python = %q, max_req_per_worker = 8, queue_limit = 64, max_rss = "1GiB", metrics_path = "/metrics"),
    ],
)
`

// certificate writes a certificate with its key into one file.
func certificate(t testing.TB, path string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"shop.example"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	text := slices.Concat(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
	require.NoError(t, os.WriteFile(path, text, 0o600))
}

// start starts a master, has it answer with a file over TLS, and returns the address of its
// admin listener.
func start(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "m") // short, for sockets
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	cert, python, config := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "python3"), filepath.Join(dir, "ldconfig.star")
	certificate(t, cert)
	require.NoError(t, harness.WriteWrapper(python, harness.Python(t)))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "app.py"), read(t, "app.py"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "files"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "files", "a.txt"), []byte("a"), 0o644))
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, everything, cert, python), 0o600))
	log := new(harness.Log)
	cmd := exec.Command("ldcorn", "-c", config)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
		if t.Failed() {
			t.Logf("ldcorn:\n%s", log.All())
		}
	})
	require.True(t, harness.Until(func() bool {
		select {
		case <-ended:
			t.Fatalf("ldcorn has ended:\n%s", log.All())
		default:
		}
		return harness.Listening.Match(log.All())
	}), "%s", log.All())
	m := regexp.MustCompile(`msg="admin listener open" addr=(\S+)`).FindSubmatch(log.All())
	require.NotNil(t, m, "%s", log.All())
	get(t, "https://"+string(harness.Listening.FindSubmatch(log.All())[1])+"/files/a.txt").Close()
	return string(m[1])
}

// get returns the body of an answer, which the caller must close.
func get(t testing.TB, url string) io.ReadCloser {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // nobody has signed the certificate
	t.Cleanup(transport.CloseIdleConnections)
	resp, err := (&http.Client{Transport: transport}).Get(url)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	return resp.Body
}

// A family is a metric that a master exports.
type family struct {
	labels map[string]map[string]bool // the values of each label
}

// scrape returns the metrics of a master, by the names of their series.
func scrape(t testing.TB, addr string) map[string]family {
	t.Helper()
	body := get(t, "http://"+addr+"/metrics")
	defer body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(body)
	require.NoError(t, err)
	out := make(map[string]family)
	for name, f := range families {
		have := family{labels: make(map[string]map[string]bool)}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if have.labels[l.GetName()] == nil {
					have.labels[l.GetName()] = make(map[string]bool)
				}
				have.labels[l.GetName()][l.GetValue()] = true
			}
		}
		out[name] = have
		if f.GetType() == dto.MetricType_HISTOGRAM {
			out[name+"_sum"], out[name+"_count"] = have, have
			buckets := family{labels: map[string]map[string]bool{"le": {}}}
			for l, values := range have.labels {
				buckets.labels[l] = values
			}
			out[name+"_bucket"] = buckets
		}
	}
	return out
}

// TestExported: a running master exports every metric, label and value of a label that the
// rules and the dashboard use.
func TestExported(t *testing.T) {
	all := queries(t)
	addr := start(t)
	var have map[string]family
	require.True(t, harness.Until(func() bool { // a request counts once its answer was sent
		have = scrape(t, addr)
		_, counted := have["ldcorn_static_requests_total"]
		return counted
	}))
	own := map[string]map[string]bool{"job": {}, "instance": {}} // Prometheus adds them
	have["up"] = family{}
	alert := map[string]map[string]bool{"alertname": {}, "alertstate": {"firing": true}, "severity": {"critical": true, "warning": true, "info": true}}
	have["ALERTS"] = family{labels: alert}
	has := func(f family, label string) bool { return f.labels[label] != nil || own[label] != nil }
	for _, q := range all {
		used, labels := parse(q.expr)
		assert.NotEmpty(t, used, "%s: no metric in %s", q.where, q.expr)
		for _, s := range used {
			f, ok := have[s.metric]
			if !assert.True(t, ok, "%s: no metric %s is exported", q.where, s.metric) {
				continue
			}
			for _, l := range s.labels {
				assert.True(t, has(f, l), "%s: %s has no label %s", q.where, s.metric, l)
			}
			for l, values := range s.values {
				if own[l] != nil {
					continue
				}
				for _, v := range values {
					assert.True(t, f.labels[l][v], "%s: %s has no series with %s=%q", q.where, s.metric, l, v)
				}
			}
		}
		for _, l := range append(labels, q.shown...) {
			assert.True(t, slices.ContainsFunc(used, func(s selector) bool { return has(have[s.metric], l) }), "%s: none of its metrics has the label %s", q.where, l)
		}
	}
}
