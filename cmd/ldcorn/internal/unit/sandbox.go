package unit

import (
	"slices"
	"strings"
)

// sandbox writes what the service and its workers may not do.
func (w *writer) sandbox(b *section) {
	w.capabilities(b)
	b.set("NoNewPrivileges", "true")
	w.files(b)
	b.note("Off, since they break GPUs: PrivateDevices=, DeviceAllow= and ProtectClock=, which hide",
		"their devices. And since it breaks JIT compilers (PyTorch, Numba, PyPy, libffi):",
		"MemoryDenyWriteExecute=. ProcSubset=pid hides how much memory and how many CPUs there are.")
	b.set("ProtectKernelTunables", "true")
	b.set("ProtectKernelModules", "true")
	b.since(244, "ProtectKernelLogs", "true")
	if !w.needs.delegate {
		b.set("ProtectControlGroups", "true")
	}
	b.since(242, "ProtectHostname", "true")
	if !w.asRoot() {
		b.since(247, "ProtectProc", "invisible")
	}
	b.set("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6 AF_NETLINK")
	b.set("RestrictNamespaces", "true")
	b.set("RestrictRealtime", "true")
	b.since(242, "RestrictSUIDSGID", "true")
	b.set("LockPersonality", "true")
	b.set("KeyringMode", "private")
	b.set("SystemCallArchitectures", "native")
	b.set("SystemCallFilter", "@system-service")
	if w.asRoot() {
		b.set("SystemCallFilter", "~@clock @module @raw-io @reboot @swap")
	} else {
		b.note("Apps may call chown for files of their own.")
		b.set("SystemCallFilter", "~@privileged")
		b.set("SystemCallFilter", "@chown")
	}
	b.set("SystemCallErrorNumber", "EPERM")
}

// capabilities writes what the service may do beyond other users.
func (w *writer) capabilities(b *section) {
	var caps []string
	add := func(why string, names ...string) {
		b.note(why)
		for _, name := range names {
			caps = addTo(caps, name)
		}
	}
	if w.opts.Any {
		add("For ports 80 and 443. Workers do not inherit it.", "CAP_NET_BIND_SERVICE")
	} else if len(w.needs.lowPorts) > 0 {
		add("For "+strings.Join(w.needs.lowPorts, " and ")+". Workers do not inherit it.", "CAP_NET_BIND_SERVICE")
	}
	if len(w.needs.owners) > 0 {
		add("To give the files of sockets to "+strings.Join(w.needs.owners, " and ")+".", "CAP_CHOWN")
	}
	if w.asRoot() {
		add("To start workers as other users, to stop them, and to use their files.",
			"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_KILL", "CAP_SETGID", "CAP_SETUID")
	}
	slices.Sort(caps)
	if !w.asRoot() {
		b.set("AmbientCapabilities", strings.Join(caps, " "))
	}
	b.set("CapabilityBoundingSet", strings.Join(caps, " "))
}

// files writes which files the service can see and change.
func (w *writer) files(b *section) {
	n := &w.needs
	if w.opts.Any {
		b.note("Without a look at the configuration, nobody knows what it writes. \"ldcorn export systemd\"",
			"writes a unit for yours, in which ProtectSystem=strict and ProtectHome= are possible.")
		b.set("ProtectSystem", "full")
		b.set("PrivateTmp", "true")
		return
	}
	writes := n.writes
	switch {
	case len(n.temp) == 0:
		b.set("PrivateTmp", "true")
	default:
		b.note("Not private, because of " + some(n.temp) + ".")
		b.set("PrivateTmp", "false")
		writes = slices.DeleteFunc(slices.Clone(writes), func(dir string) bool { return isBelow(dir, "/tmp") || isBelow(dir, "/var/tmp") })
		writes = append(writes, "/tmp", "/var/tmp")
	}
	if len(n.home) == 0 {
		b.set("ProtectHome", "true")
	} else {
		b.note("Not hidden, because of " + some(n.home) + ".")
		b.set("ProtectHome", "read-only")
	}
	b.note("The service can write only to its own folders above, to /dev/shm, and to these. What the apps",
		"write is not in the configuration: ldcorn export systemd --writable FOLDER adds it.")
	b.set("ProtectSystem", "strict")
	b.list("ReadWritePaths", words(writes))
}

// some names a few paths.
func some(paths []string) string {
	const most = 2
	out := strings.Join(paths[:min(len(paths), most)], " and ")
	if len(paths) > most {
		out += " and others"
	}
	return out
}
