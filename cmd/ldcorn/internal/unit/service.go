package unit

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// notifyReload is the version of systemd that has Type=notify-reload.
const notifyReload = 253

// anyStop is the TimeoutStopSec= for any configuration. A master that needs longer says so.
const anyStop = time.Minute

// service returns the unit of the service.
func (w *writer) service(sockets []socket) string {
	head := &section{version: w.opts.Version}
	head.set("Description", "Groups of Uvicorn workers behind one proxy")
	head.set("Documentation", "man:ldcorn(1) https://github.com/ldcorn/ldcorn")
	head.set("Wants", "network-online.target")
	var files []string
	for _, s := range sockets {
		files = append(files, s.file)
	}
	head.set("After", strings.Join(append([]string{"network-online.target"}, files...), " "))
	head.list("Requires", files)
	if w.opts.Any {
		head.set("ConditionPathExists", word(w.plan.Path))
	}
	b := &section{version: w.opts.Version}
	w.run(b, files)
	w.reload(b)
	w.stop(b)
	w.watch(b)
	w.folders(b)
	w.limits(b)
	w.sandbox(b)
	return "[Unit]\n" + head.text.String() + "\n[Service]\n" + b.text.String() + "\n[Install]\nWantedBy=multi-user.target\n"
}

// run writes what runs, as whom and where.
func (w *writer) run(b *section, sockets []string) {
	if w.opts.Version >= notifyReload {
		b.note("systemctl reload waits until the reload is over. It cannot fail: after a failed one,",
			"systemctl status says why, and everything stays as it was. \"ldcorn reload\" fails.")
		b.set("Type", "notify-reload")
	} else {
		b.set("Type", "notify")
	}
	b.list("Sockets", sockets)
	if w.asRoot() {
		b.note(w.rootReason()...)
		b.set("User", "root")
	} else {
		b.set("User", w.opts.User)
		b.list("SupplementaryGroups", w.needs.groups)
	}
	b.set("WorkingDirectory", word(w.workFolder()))
	w.environment(b)
	exec := []string{argument(w.opts.Program), "-c", argument(w.plan.Path)}
	for _, a := range w.opts.Args {
		exec = append(exec, argument(a))
	}
	b.set("ExecStart", strings.Join(exec, " "))
}

// environment writes where the variables come from.
func (w *writer) environment(b *section) {
	b.note("Variables of the configuration and the workers, as NAME=VALUE. Only root has to be able",
		"to read the file. A restart reads it again, and a reload does not.")
	if len(w.needs.env) > 0 {
		b.note("The configuration reads " + strings.Join(w.needs.env, ", ") + ".")
	}
	b.set("EnvironmentFile", "-/etc/"+w.opts.Name+"/environment")
	b.set("Environment", "XDG_RUNTIME_DIR=/run/"+w.opts.Name)
	if w.opts.Venv != "" {
		b.note("The interpreters are found by this.")
		b.set("Environment", word("VIRTUAL_ENV="+w.opts.Venv))
	}
}

// reload writes how a reload is done.
func (w *writer) reload(b *section) {
	if w.opts.Version >= notifyReload {
		return
	}
	b.note("It waits until the new plan is in effect. It fails if that is not possible, or if a part",
		"of the plan needs a restart.")
	b.set("ExecReload", argument(w.opts.Program)+" reload -c "+argument(w.plan.Path))
}

// stop writes how the service starts again and stops.
func (w *writer) stop(b *section) {
	b.note("ldcorn limits a start with startup_timeout; systemd's own limit would end it after 90 s.")
	b.set("TimeoutStartSec", "infinity")
	limit := w.plan.StopLimit()
	if w.opts.Any {
		limit = anyStop
		b.note("Enough for the defaults. A master whose configuration needs longer tells systemd.")
	} else {
		b.note(stopTerms(w.plan))
	}
	b.set("TimeoutStopSec", fmt.Sprintf("%d", int64((limit+time.Second-1)/time.Second)))
	b.note("The master stops its workers itself.")
	b.set("KillMode", "mixed")
	b.set("Restart", "on-failure")
	b.set("RestartSec", "1")
	b.note("The command line is wrong.")
	b.set("RestartPreventExitStatus", "2")
}

// stopTerms says what the limit of a stop is the sum of.
func stopTerms(p *plan.Plan) string {
	var longest time.Duration
	for _, g := range p.Groups {
		longest = max(longest, g.StopTimeout)
	}
	var terms []string
	add := func(name string, d time.Duration) {
		if d > 0 {
			terms = append(terms, name+" "+d.String())
		}
	}
	add("shutdown_delay", p.ShutdownDelay)
	add("shutdown_timeout", p.ShutdownTimeout)
	add("the longest stop_timeout", longest)
	if len(p.OnEvent) > 0 {
		add("the last events", plan.StopSlack)
	}
	add("processes that are left", plan.StopSlack)
	return strings.Join(terms, " + ") + "."
}

// watch writes the watchdog.
func (w *writer) watch(b *section) {
	b.note("A master that hangs does not answer for this long. It ends with its goroutines in the log.")
	b.set("WatchdogSec", "60")
}

// folders writes the folders that systemd makes for the service.
func (w *writer) folders(b *section) {
	b.list("RuntimeDirectory", words(w.needs.runtime))
	b.note("The certificates of acme(…), for example.")
	b.list("StateDirectory", words(w.needs.state))
	b.list("CacheDirectory", words(w.needs.cache))
	b.list("LogsDirectory", words(w.needs.logs))
}

// limits writes the limits of resources.
func (w *writer) limits(b *section) {
	b.note("Connections of clients and to workers. The second number is for the master.")
	b.set("LimitNOFILE", "65536:"+w.mostFiles())
	if w.needs.nice < 0 {
		b.note("For groups with a negative nice.")
		b.set("LimitNICE", strconv.Itoa(w.needs.nice))
	}
	b.note("A worker that the kernel kills for memory is started again; the others go on.")
	b.since(243, "OOMPolicy", "continue")
	if w.needs.delegate {
		b.note("Each worker with memory_high or memory_max has a cgroup of its own.")
		b.set("Delegate", "memory")
	}
}

// mostFiles returns how many files the master may have open, or allow its workers.
func (w *writer) mostFiles() string {
	const usual = 524288 // that of systemd
	if w.needs.files == plan.Unlimited {
		return "infinity"
	}
	return strconv.FormatUint(max(w.needs.files, usual), 10)
}

// rootReason says why the service runs as root.
func (w *writer) rootReason() []string {
	if len(w.needs.users) == 0 {
		return nil
	}
	return []string{"The workers of " + cmp.Or(strings.Join(w.needs.users, ", "), "a group") + " run as other users, to which only root can change."}
}
