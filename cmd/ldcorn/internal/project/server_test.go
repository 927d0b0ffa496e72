package project

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestBindOf(t *testing.T) {
	for address, want := range map[string]string{
		"0.0.0.0:80":            `"0.0.0.0:80"`,
		"unix:/run/x.sock":      `"unix:/run/x.sock"`,
		"0.0.0.0:$PORT":         `"0.0.0.0:" + env("PORT", "8000")`,
		"0.0.0.0:${PORT:-5000}": `"0.0.0.0:" + env("PORT", "5000")`,
		"$BIND":                 `env("BIND", "127.0.0.1:8000")`,
		`a":1`:                  `"a\":1"`,
	} {
		assert.Equal(t, want, bindOf(address))
	}
}

func TestInstancesOf(t *testing.T) {
	for workers, want := range map[string]string{
		"":                                    "",
		"4":                                   "4",
		"$WEB_CONCURRENCY":                    `env.int("WEB_CONCURRENCY", 2)`,
		"${N:-3}":                             `env.int("N", 3)`,
		"multiprocessing.cpu_count() * 2 + 1": "cpu_count() * 2 + 1",
		"min(4, os.cpu_count())":              "min(4, cpu_count())",
		"settings.workers":                    "",
		"int(x)":                              "",
	} {
		assert.Equal(t, want, instancesOf(workers))
	}
}

func TestCommandsIn(t *testing.T) {
	for line, want := range map[string]Server{
		`web: gunicorn -w 4 -k uvicorn.workers.UvicornWorker app.main:app --bind=0.0.0.0:80`: {
			Command: "gunicorn -w 4 -k uvicorn.workers.UvicornWorker app.main:app --bind=0.0.0.0:80", App: "app.main:app", Bind: "0.0.0.0:80", Workers: "4"},
		`CMD ["python", "-m", "uvicorn", "a:b", "--port", "80"]`: {Command: "uvicorn a:b --port 80", App: "a:b", Bind: "127.0.0.1:80"},
		`    command: sh -c "cd /x && daphne -b 0.0.0.0 -p 8001 site.asgi:application"`: {
			Command: "daphne -b 0.0.0.0 -p 8001 site.asgi:application", App: "site.asgi:application", Bind: "0.0.0.0:8001"},
		`ExecStart=/srv/venv/bin/uvicorn --uds /run/s "m:create()" && true`: {Command: "uvicorn --uds /run/s m:create()", App: "m:create", Bind: "unix:/run/s"},
		"RUN pip install uvicorn gunicorn":                                  {},
		"# uvicorn main:app --port 80":                                      {},
		"image: example/uvicorn-gunicorn:python3":                           {},
	} {
		found := commandsIn("x", []byte(line+"\n"))
		if want.Command == "" {
			assert.Empty(t, found, line)
			continue
		}
		want.At, want.folder = "x:1", "."
		assert.Equal(t, []Server{want}, found, line)
	}
}
