package plan

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRefuseOption(t *testing.T) {
	option := regexp.MustCompile(`^--[a-z0-9-]+$`)
	for _, r := range RefusedOptions() {
		assert.NotEmpty(t, r.Why)
		for _, o := range r.Options {
			assert.Regexp(t, option, o)
			_, refused := RefuseOption(o)
			assert.True(t, refused, o)
		}
	}
	for _, free := range []string{
		"--http", "--loop", "--root-path", "--factory", "--app-dir", "--access-log", "--ws", "--lifespan",
		"--header", "--backlog", "--log-config", "--env-file", "--use-colors", "--http2", "--interface",
	} {
		_, refused := RefuseOption(free)
		assert.False(t, refused, free)
	}
}

// TestRefuseVariable uses the names of the parameters of Uvicorn 0.17.6,
// 0.30.6, 0.50.0 and 0.54.0, all of which Uvicorn can read from the
// environment.
func TestRefuseVariable(t *testing.T) {
	refused := []string{
		"APP", "HOST", "PORT", "UDS", "FD", "DEBUG", "RELOAD", "RELOAD_DIRS", "RELOAD_INCLUDES", "RELOAD_EXCLUDES",
		"RELOAD_DELAY", "WORKERS", "LOG_LEVEL", "ACCESS_LOG", "PROXY_HEADERS", "FORWARDED_ALLOW_IPS",
		"LIMIT_CONCURRENCY", "LIMIT_MAX_REQUESTS", "LIMIT_MAX_REQUESTS_JITTER", "TIMEOUT_KEEP_ALIVE",
		"TIMEOUT_GRACEFUL_SHUTDOWN", "TIMEOUT_WORKER_HEALTHCHECK", "SSL_KEYFILE", "SSL_CERTFILE",
		"SSL_KEYFILE_PASSWORD", "SSL_VERSION", "SSL_CERT_REQS", "SSL_CA_CERTS", "SSL_CIPHERS", "VERSION", "HELP",
	}
	free := []string{
		"LOOP", "HTTP", "HTTP2", "WS", "WS_MAX_SIZE", "WS_MAX_QUEUE", "WS_PING_INTERVAL", "WS_PING_TIMEOUT",
		"WS_PER_MESSAGE_DEFLATE", "LIFESPAN", "INTERFACE", "ENV_FILE", "LOG_CONFIG", "USE_COLORS", "SERVER_HEADER",
		"DATE_HEADER", "ROOT_PATH", "BACKLOG", "HEADERS", "APP_DIR", "H11_MAX_INCOMPLETE_EVENT_SIZE",
		"RESET_CONTEXTVARS", "FACTORY", "", "MINE",
	}
	for _, name := range refused {
		r, is := RefuseVariable("UVICORN_" + name)
		assert.True(t, is, name)
		assert.NotEmpty(t, r.Why)
	}
	for _, name := range free {
		_, is := RefuseVariable("UVICORN_" + name)
		assert.False(t, is, name)
	}
	_, is := RefuseVariable("WEB_CONCURRENCY")
	assert.True(t, is)
	_, is = RefuseVariable("PORT")
	assert.False(t, is)
}
