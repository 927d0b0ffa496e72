package cli

import (
	"regexp"

	"github.com/spf13/cobra"
)

// habits are the commands that other programs have, and what ldcorn has for them.
var habits = map[string]string{
	"start": "ldcorn run", "serve": "ldcorn run", "server": "ldcorn run", "up": "ldcorn run", "dev": "ldcorn run", "runserver": "ldcorn run",
	"validate": "ldcorn check", "configtest": "ldcorn check", "verify": "ldcorn check", "lint": "ldcorn check",
	"list": "ldcorn status", "info": "ldcorn status", "top": "ldcorn status --watch", "show": "ldcorn status", "workers": "ldcorn status",
	"requests": "ldcorn ps", "kill": "ldcorn stop", "down": "ldcorn stop", "quit": "ldcorn stop", "shutdown": "ldcorn stop",
	"upgrade": "ldcorn reload", "apply": "ldcorn reload", "diff": "ldcorn plan", "log": "ldcorn logs", "tail": "ldcorn logs -f",
	"pause": "ldcorn hold", "resume": "ldcorn release", "reopen": "kill -USR1 PID",
	"doc": "ldcorn schema", "docs": "ldcorn schema",
	"new": "ldcorn init", "create": "ldcorn init", "setup": "ldcorn init", "convert": "ldcorn migrate", "adapt": "ldcorn migrate", "format": "ldcorn fmt",
}

// flagHabits are the flags that Uvicorn, Gunicorn and nginx have, and what to do
// instead.
var flagHabits = map[string]string{
	// Where the server listens.
	"--bind": "set bind= of LdConfig", "-b": "set bind= of LdConfig", "--host": "set bind= of LdConfig", "--port": "set bind= of LdConfig",
	"-p": "set bind= of LdConfig", "--uds": `set bind="unix:/path" of LdConfig`, "--fd": `set bind="systemd" of LdConfig`,
	// Processes.
	"--workers": "set instances= of WorkerGroup", "-w": "set instances= of WorkerGroup",
	"--threads": "a worker is one process; set instances= of WorkerGroup", "--preload": "each worker imports its app itself; leave it out",
	"-k": "every worker is Uvicorn; leave it out", "--worker-class": "every worker is Uvicorn; leave it out",
	"--max-requests": "set max_requests= of WorkerGroup", "--limit-max-requests": "set max_requests= of WorkerGroup",
	"--limit-concurrency": "set max_req_per_worker= of WorkerGroup", "--worker-connections": "set max_req_per_worker= of WorkerGroup",
	"--daemon": "use a service manager, such as systemd", "-D": "use a service manager, such as systemd",
	"--pid": "ldcorn finds its master by the configuration; leave it out", "--user": "set the user in the service manager", "-u": "set the user in the service manager",
	// The app.
	"--app": "set app= of WorkerGroup", "--app-dir": "set cwd= of WorkerGroup", "--chdir": "set cwd= of WorkerGroup",
	"--factory": `write uvicorn_args=["--factory"] of WorkerGroup`, "--root-path": `write uvicorn_args=["--root-path", "/x"] of WorkerGroup`,
	// Reloads and tests.
	"--reload": "write ldcorn run --watch, or ldcorn reload to reload once", "-s": "write ldcorn reload, ldcorn stop, or kill -USR1 PID to open the logs again",
	"-t": "write ldcorn check", "-T": "write ldcorn check -v", "--check-config": "write ldcorn check", "--print-config": "write ldcorn plan --against none",
	// Times.
	"--timeout": "set request_timeout= of WorkerGroup", "--graceful-timeout": "set drain_timeout= of WorkerGroup",
	"--timeout-graceful-shutdown": "set drain_timeout= of WorkerGroup",
	// Logs, headers and the environment.
	"--env-file": "give it to ldcorn run, whose reloads read the file again", "--env": "set env= of WorkerGroup", "-e": "set env= of WorkerGroup",
	"--log-level": "set uvicorn_log_level= of WorkerGroup", "--access-logfile": "set access_log= of LdConfig", "--access-log": "set access_log= of LdConfig",
	"--no-access-log": "set access_log=False of LdConfig, or write --quiet", "--error-logfile": "the log goes to stderr: write 2>FILE",
	"--proxy-headers": "set trusted_proxies= of LdConfig", "--forwarded-allow-ips": "set trusted_proxies= of LdConfig",
	// TLS.
	"--ssl-keyfile": "ldcorn speaks no TLS; put a server in front that does", "--ssl-certfile": "ldcorn speaks no TLS; put a server in front that does",
	"--keyfile": "ldcorn speaks no TLS; put a server in front that does", "--certfile": "ldcorn speaks no TLS; put a server in front that does",
	// JSON.
	"--json": "its log is JSON with --log-format json", "--format": "its log is JSON with --log-format json",
}

// appName matches an app as Uvicorn and Gunicorn take it: "main:app".
var appName = regexp.MustCompile(`^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*(\(\))?$`)

// appArg returns the argument that is an app, which only a configuration names, or
// "".
func appArg(cmd *cobra.Command, args []string) string {
	if noConfig.of(cmd) {
		return ""
	}
	for _, arg := range args {
		if appName.MatchString(arg) {
			return arg
		}
	}
	return ""
}

// appError returns the error about an app on the command line.
func appError(app string) error {
	return usageError("%q is an app, and ldcorn runs a configuration: ldcorn init writes one for the app in this folder", app)
}
