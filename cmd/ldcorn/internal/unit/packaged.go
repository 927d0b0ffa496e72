package unit

import "github.com/ldcorn/ldcorn/engine/plan"

// Packaged returns the unit of the packages for Debian and Fedora: it has to fit any
// configuration and the systemd of any of them.
func Packaged() string {
	p := &plan.Plan{Path: "/etc/ldcorn/ldconfig.star"}
	files, _, _ := Write(p, Options{Name: "ldcorn", User: "ldcorn", Program: "/usr/bin/ldcorn", Version: DefaultVersion, Any: true}) // no sockets, so no errors
	return files[0].Text
}
