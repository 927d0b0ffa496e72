package builtin

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// A lack is something that people look for in an argument and that ldcorn does
// not have.
type lack struct {
	names   []string // a name that ends in _ stands for all with that prefix
	why     string
	instead string
}

var lacks = []lack{
	{[]string{"ssl", "ssl_", "tls", "tls_", "https", "cert", "certfile", "certificate", "keyfile", "http2", "h2", "acme", "letsencrypt"},
		"TLS and HTTP/2 belong to a listener", "write bind=listen(\"0.0.0.0:443\", tls=tls(\"cert.pem\", key=\"key.pem\")), or tls=acme(\"example.com\", …)"},
	{[]string{"static_", "staticfiles", "document_root", "public", "try_files", "gzip_static"},
		"ldcorn serves the files of folders", "write static=[static(\"/assets\", dir=\"assets\")] of LdConfig"},
	{[]string{"gzip", "gzip_", "brotli", "compress", "compression"},
		"ldcorn does not compress answers yet", "let the app do it, as with GZipMiddleware of Starlette, or a server in front, such as nginx"},
	{[]string{"daemon", "daemonize", "pidfile", "pid_file"},
		"ldcorn stays in the foreground", "let systemd or a container do it"},
	{[]string{"user", "umask"},
		"the master runs as the user who starts it", "write it in WorkerGroup, for the workers; for the master, let systemd or a container do it"},
	{[]string{"worker_class", "worker_type"}, "every worker is a Uvicorn process", "remove it"},
	{[]string{"preload", "preload_app"}, "every worker imports the app itself", "remove it"},
}

// passed holds the options of Uvicorn that uvicorn_args can contain and that
// people write as arguments, as in uvicorn.run.
var passed = []string{
	"http", "loop", "ws", "lifespan", "interface", "factory", "log_config", "use_colors", "header", "date_header", "server_header",
	"backlog", "h11_max_incomplete_event_size", "ws_max_size", "ws_max_queue", "ws_ping_interval", "ws_ping_timeout",
	"ws_per_message_deflate", "reset_contextvars",
}

// foreign explains an argument that LdConfig and WorkerGroup do not have and
// other programs do. It returns an empty label if there is nothing to say. A
// similar argument is tried before the options that ldcorn sets.
func (w *Word) foreign(name string) (why, label string) {
	if w.Name != "LdConfig" && w.Name != "WorkerGroup" {
		return "", ""
	}
	name = strings.ToLower(name)
	for _, l := range lacks {
		for _, n := range l.names {
			if name == n || strings.HasSuffix(n, "_") && strings.HasPrefix(name, n) {
				return l.why, l.instead
			}
		}
	}
	option := "--" + strings.ReplaceAll(name, "_", "-")
	if slices.Contains(passed, name) {
		return "", fmt.Sprintf("it is an option of Uvicorn: uvicorn_args=[%q, …] of WorkerGroup", option)
	}
	if r, ok := plan.RefuseOption(option); ok && r.Instead != "" && w.near(name) == "" {
		return r.Why, "use " + r.Instead
	}
	return "", ""
}
