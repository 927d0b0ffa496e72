package cli

import (
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// habits are the commands that other programs have, and what ldcorn has for them.
var habits = map[string]string{
	"start": "ldcorn run", "serve": "ldcorn run", "server": "ldcorn run", "up": "ldcorn run", "dev": "ldcorn run", "runserver": "ldcorn run",
	"validate": "ldcorn check", "configtest": "ldcorn check", "verify": "ldcorn check", "lint": "ldcorn check",
	"list": "ldcorn status", "info": "ldcorn status", "htop": "ldcorn top", "monitor": "ldcorn top", "show": "ldcorn status", "workers": "ldcorn status",
	"requests": "ldcorn ps", "kill": "ldcorn stop", "down": "ldcorn stop", "quit": "ldcorn stop", "shutdown": "ldcorn stop",
	"upgrade": "ldcorn reload", "apply": "ldcorn reload", "diff": "ldcorn plan", "log": "ldcorn logs", "tail": "ldcorn logs -f",
	"pause": "ldcorn hold", "resume": "ldcorn release", "reopen": "kill -USR1 PID",
	"doc": "ldcorn schema", "docs": "ldcorn schema",
	"new": "ldcorn init", "create": "ldcorn init", "setup": "ldcorn init", "convert": "ldcorn migrate", "adapt": "ldcorn migrate", "format": "ldcorn fmt",
}

// A flagHabit is what to do in ldcorn instead of giving flags of other programs.
type flagHabit struct {
	flags   []string
	instead string
}

// flagHabits are for the flags of Uvicorn, Gunicorn and nginx.
var flagHabits = []flagHabit{
	// Where the server listens.
	{[]string{"--bind", "-b", "--host", "--port", "-p"}, "set bind= of LdConfig"},
	{[]string{"--uds"}, `set bind="unix:/path" of LdConfig`},
	{[]string{"--fd"}, `set bind="systemd" of LdConfig`},
	// Processes.
	{[]string{"--workers", "-w"}, "set instances= of WorkerGroup"},
	{[]string{"--threads"}, "a worker is one process: set instances= of WorkerGroup"},
	{[]string{"--preload"}, "each worker imports its app itself: leave it out"},
	{[]string{"-k", "--worker-class"}, "every worker is Uvicorn: leave it out"},
	{[]string{"--max-requests", "--limit-max-requests"}, "set max_requests= of WorkerGroup"},
	{[]string{"--limit-concurrency", "--worker-connections"}, "set max_req_per_worker= of WorkerGroup"},
	{[]string{"--daemon", "-D", "-d", "--detach"}, "use a service manager; ldcorn export systemd writes the unit"},
	{[]string{"--user", "-u", "--group"}, "set the user in the service manager"},
	{[]string{"--pid"}, "ldcorn finds its master by the configuration: leave it out"},
	// The app.
	{[]string{"--app"}, "set app= of WorkerGroup"},
	{[]string{"--app-dir", "--chdir"}, "set cwd= of WorkerGroup"},
	{[]string{"--factory"}, `write uvicorn_args=["--factory"] of WorkerGroup`},
	{[]string{"--root-path"}, `write uvicorn_args=["--root-path", "/x"] of WorkerGroup`},
	{[]string{
		"--loop", "--http", "--ws", "--ws-max-size", "--ws-max-queue", "--ws-ping-interval", "--ws-ping-timeout", "--lifespan", "--interface",
		"--log-config", "--use-colors", "--header", "--date-header", "--server-header", "--backlog", "--h11-max-incomplete-event-size",
	}, "it is an option of Uvicorn: write it in uvicorn_args= of WorkerGroup"},
	// Reloads and tests.
	{[]string{"--reload", "--reload-dir", "--reload-include"}, "write ldcorn run --watch, or ldcorn reload to reload once"},
	{[]string{"-s"}, "write ldcorn reload, ldcorn stop, or kill -USR1 PID to open the logs again"},
	{[]string{"-t", "--check-config"}, "write ldcorn check"},
	{[]string{"-T"}, "write ldcorn check -v"},
	{[]string{"--print-config"}, "write ldcorn plan --against none"},
	// Times.
	{[]string{"--timeout"}, "set request_timeout= of WorkerGroup"},
	{[]string{"--graceful-timeout", "--timeout-graceful-shutdown"}, "set drain_timeout= of WorkerGroup"},
	{[]string{"--keep-alive", "--timeout-keep-alive"}, "set idle_timeout= of LdConfig"},
	// The environment, logs and headers.
	{[]string{"--env-file"}, "give it to ldcorn run, whose reloads read the file again"},
	{[]string{"--env", "-e"}, "set env= of WorkerGroup"},
	{[]string{"--log-level"}, "set uvicorn_log_level= of WorkerGroup"},
	{[]string{"--access-logfile", "--access-log"}, "set access_log= of LdConfig"},
	{[]string{"--no-access-log"}, "set access_log=False of LdConfig, or write --quiet"},
	{[]string{"--error-logfile"}, "the log goes to stderr: write 2>FILE"},
	{[]string{"--proxy-headers", "--forwarded-allow-ips"}, "set trusted_proxies= of LdConfig"},
	{[]string{"--tail"}, "write -n N"},
	// TLS.
	{[]string{
		"--ssl-keyfile", "--ssl-certfile", "--ssl-keyfile-password", "--ssl-version", "--ssl-cert-reqs", "--ssl-ciphers", "--keyfile", "--certfile",
		"--ssl", "--tls", "--cert", "--key", "--ciphers",
	}, `set bind=listen("0.0.0.0:443", tls=tls("cert.pem", key="key.pem")) of LdConfig`},
	{[]string{"--ssl-ca-certs", "--ca-certs", "--cert-reqs"}, `set bind=listen("0.0.0.0:443", tls=tls("cert.pem", key="key.pem", client_ca="ca.pem")) of LdConfig`},
}

// insteadOf returns what to do instead of giving a command a flag, or "".
func insteadOf(cmd *cobra.Command, flag string) string {
	if cmd.Flags().Lookup("log-format") != nil && (flag == "--json" || flag == "--format") {
		return "write --log-format json"
	}
	if takes := strings.TrimPrefix(cmd.Use, cmd.Name()+" "); flag == "--group" || flag == "-g" || flag == "--groups" {
		switch {
		case strings.HasPrefix(takes, "GROUP="):
			return "name the groups as arguments: ldcorn " + cmd.Name() + " web=4"
		case strings.HasPrefix(takes, "GROUP"), strings.HasPrefix(takes, "[GROUP"):
			return "name the groups as arguments: ldcorn " + cmd.Name() + " web"
		case cmd.Name() == "status":
			return "ldcorn status shows all groups, and ldcorn ps takes names of groups"
		case cmd.Name() != "run" && cmd.HasParent():
			return "" // the user of the process is no matter of this command
		}
	}
	if flag == "--no-exec" {
		if cmd.Name() == "reload" {
			return "give it to ldcorn run, whose reloads keep to it"
		}
		return "leave it out: this command runs no Python"
	}
	for _, habit := range flagHabits {
		if slices.Contains(habit.flags, flag) {
			return habit.instead
		}
	}
	return ""
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
