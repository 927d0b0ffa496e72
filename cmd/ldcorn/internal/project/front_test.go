package project

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFront checks that TLS and trusted proxies of other servers are carried over.
func TestFront(t *testing.T) {
	const app = "import fastapi\napp = fastapi.FastAPI()\n"
	for what, tt := range map[string]struct {
		file, text string
		want       []string
	}{
		"gunicorn.conf.py": {"gunicorn.conf.py", "import ssl\nbind = '0.0.0.0:443'\ncertfile = '/etc/ssl/a.pem'\nkeyfile = 'a.key'\nca_certs = 'ca.pem'\ncert_reqs = ssl.CERT_OPTIONAL\nforwarded_allow_ips = '10.0.0.1, 10.0.0.2'\n",
			[]string{`bind = listen("0.0.0.0:443", tls = tls("/etc/ssl/a.pem", key = "a.key", client_ca = "ca.pem", client_auth = "request")), trusted_proxies = ["10.0.0.1", "10.0.0.2"]`}},
		"only TLS": {"gunicorn.conf.py", "certfile = 'a.pem'\nkeyfile = 'a.pem'\nca_certs = 'ca.pem'\n",
			[]string{`bind = listen("127.0.0.1:8000", tls = tls("a.pem"))`}},
		"the PROXY protocol": {"gunicorn.conf.py", "bind = ':80'\nproxy_protocol = True\n",
			[]string{`bind = listen(":80", proxy_protocol = True), trusted_proxies = ["127.0.0.1"]`}},
		"Uvicorn": {"deploy/run.sh", "uvicorn app:app --port 443 --ssl-keyfile=k.pem --ssl-certfile c.pem --ssl-ca-certs ca.pem --ssl-cert-reqs 2 --forwarded-allow-ips '*' --ssl-keyfile-password swordfish\n",
			[]string{`bind = listen("127.0.0.1:443", tls = tls("deploy/c.pem", key = "deploy/k.pem", client_ca = "deploy/ca.pem")), trusted_proxies = ["0.0.0.0/0", "::/0"]`,
				"has a passphrase"}},
		"a variable": {"run.sh", "gunicorn app:app -b :443 --certfile $CERT --keyfile ${DIR:-/etc}/key.pem\n",
			[]string{`tls = tls(env("CERT"), key = env("DIR", "/etc") + "/key.pem")`}},
		"uvicorn.run": {"main.py", "import uvicorn\nuvicorn.run('app:app', port=443, ssl_keyfile='k.pem', ssl_certfile='c.pem', forwarded_allow_ips='*')\n",
			[]string{`bind = listen("127.0.0.1:443", tls = tls("c.pem", key = "k.pem")), trusted_proxies = ["0.0.0.0/0", "::/0"]`}},
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range map[string]string{"app.py": app, tt.file: tt.text} {
				require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
			}
			p, err := Look(t.Context(), dir)
			require.NoError(t, err)
			got := strings.Join(strings.Fields(strings.ReplaceAll(p.Configuration(), "\n    # ", " ")), " ")
			for _, want := range tt.want {
				assert.Contains(t, got, want)
			}
			require.Len(t, p.Servers, 1)
			assert.NotContains(t, got+p.Servers[0].Command, "swordfish")
		})
	}
}
