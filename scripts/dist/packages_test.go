package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// debian returns a copy of the small Debian of scripts/get-debian-root, with sudo, a
// systemctl that does what the tests need, and a curl that has the files of a release.
func debian(t *testing.T, d *dist) string {
	t.Helper()
	from := os.Getenv("LDCORN_TEST_DEBIAN")
	require.NotEmpty(t, from, "run make test-dist, or set LDCORN_TEST_DEBIAN to what scripts/get-debian-root prints")
	root := filepath.Join(t.TempDir(), "root")
	output(t, exec.Command("cp", "-a", "--reflink=auto", from, root))
	put := func(name, text string) {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o755))
	}
	put("usr/local/bin/sudo", "#!/bin/sh\nexec \"$@\"\n")
	// apt-get and rpm run scripts without /usr/local/bin on PATH.
	put("usr/bin/systemctl", systemctl)
	put("usr/local/bin/curl", `#!/bin/sh
case "$*" in
*/releases/download/v`+d.version.Semver+`/*) for last; do :; done; exec cp "/release/${last##*/}" . ;;
*) exec /usr/bin/curl "$@" ;;
esac
`)
	require.NoError(t, os.MkdirAll(filepath.Join(root, "run/systemd/system"), 0o755))
	output(t, exec.Command("cp", "-r", d.out, filepath.Join(root, "release")))
	return root
}

// systemctl starts and stops the service as its unit says, and writes down its arguments.
const systemctl = `#!/bin/sh
echo "$*" >>/systemctl.log
unit=/usr/lib/systemd/system/ldcorn.service
start() {
	user=$(sed -n 's/^User=//p' $unit)
	for dir in /run/ldcorn $(sed -n 's/^WorkingDirectory=//p' $unit); do
		mkdir -p "$dir" && chown "$user" "$dir"
	done
	cd "$(sed -n 's/^WorkingDirectory=//p' $unit)" || exit 1
	# shellcheck disable=SC2046
	setsid setpriv --reuid "$user" --regid "$user" --init-groups env "$(sed -n 's/^Environment=//p' $unit)" \
		$(sed -n 's/^ExecStart=//p' $unit) >>/ldcorn.log 2>&1 </dev/null &
	echo $! >/ldcorn.pid
}
stop() {
	kill "$(cat /ldcorn.pid)" 2>/dev/null
	while kill -0 "$(cat /ldcorn.pid)" 2>/dev/null; do sleep 0.1; done
	rm /ldcorn.pid
}
case "$*" in
"enable --now ldcorn") start ;;
"disable --now ldcorn.service") [ ! -e /ldcorn.pid ] || stop ;;
"try-restart ldcorn.service") [ ! -e /ldcorn.pid ] || { stop; start; } ;;
daemon-reload) ;;
*) echo "systemctl: got $*" >&2; exit 1 ;;
esac
`

// inside runs a script of bash beside a root, with functions that run commands in it. When
// the script ends, all that it has started ends too.
func inside(t *testing.T, root, script string) string {
	t.Helper()
	script = "set -euo pipefail\nexport LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root\n" +
		"trap 'code=$?; [ $code = 0 ] || cat \"$ROOT/ldcorn.log\" \"$ROOT/systemctl.log\" >&2; exit $code' EXIT\n" +
		"within() { chroot \"$ROOT\" \"$@\"; }\nshell() { within bash -euc \"cd /root; $1\"; }\n" + script
	cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc="+root+"/proc",
		"bash", "-c", "ip link set lo up 2>/dev/null || python3 -c 'import fcntl,socket,struct; fcntl.ioctl(socket.socket(), 0x8914, struct.pack(\"16sh\", b\"lo\", 0x41))'\n"+script)
	cmd.Env = append(os.Environ(), "ROOT="+root)
	return output(t, cmd)
}

// quoted returns a text as a word of the shell.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// pageScript returns commands of the page for this release and machine.
func pageScript(t *testing.T, d *dist, headings ...string) string {
	t.Helper()
	text := commands(t, "")
	for _, heading := range headings {
		text += commands(t, heading)
	}
	rpmArch := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[host.arch]
	return strings.NewReplacer("VERSION=0.2.0", "VERSION="+d.version.Semver, "_amd64.deb", "_"+host.arch+".deb", "x86_64.rpm", rpmArch+".rpm",
		"sudo dnf install", "dnf_install").Replace(text)
}

// newer returns a release of the same program with a higher version.
func newer(t *testing.T, d *dist) *dist {
	t.Helper()
	next := &dist{top: d.top, out: t.TempDir(), version: d.version}
	next.version.Semver = "1.2.4"
	require.NoError(t, next.writePackages(context.Background(), d.binaries[0]))
	return next
}

// A reader of the page installs the package of Debian and gets an answer from the service.
// Then it is upgraded, removed and purged.
func TestPageDeb(t *testing.T) {
	t.Parallel()
	d := release(t)
	root := debian(t, d)
	output(t, exec.Command("cp", newer(t, d).find(t, "*.deb"), filepath.Join(root, "newer.deb")))
	out := inside(t, root, `
shell `+quoted(pageScript(t, d, "Debian and Ubuntu", "The service"))+`
within dpkg -V ldcorn
within getent passwd ldcorn
within man -w ldcorn-run
within bash -n /usr/share/bash-completion/completions/ldcorn
within test -s /usr/share/zsh/vendor-completions/_ldcorn -a -s /usr/share/fish/vendor_completions.d/ldcorn.fish
within ldcorn check -c /usr/share/doc/ldcorn/examples/ldconfig.star
before=$(cat $ROOT/ldcorn.pid)
within dpkg -i /newer.deb
[ $before != $(cat $ROOT/ldcorn.pid) ]
echo "upgraded: $(shell 'curl --silent --retry 60 --retry-connrefused http://127.0.0.1:8000/')"
within dpkg -r ldcorn
echo "removed: $(shell 'curl --silent http://127.0.0.1:8000/ || echo nobody listens')"
within test ! -e /usr/bin/ldcorn -a -e /etc/ldcorn/ldconfig.star -a -d /var/lib/ldcorn
within dpkg -P ldcorn
within test ! -e /var/lib/ldcorn
echo systemctl: $(cat $ROOT/systemctl.log)
`)
	checkService(t, out)
	assert.Contains(t, out, "systemctl: daemon-reload enable --now ldcorn daemon-reload daemon-reload try-restart ldcorn.service disable --now ldcorn.service daemon-reload")
}

// checkService checks what the page's commands print, and an upgrade and a removal after them.
func checkService(t *testing.T, out string) {
	t.Helper()
	assert.Contains(t, out, "hello from ldcorn\nldcorn 1.2.3, pid ") // of curl, and of ldcorn status
	assert.Contains(t, out, "upgraded: hello from ldcorn\n")
	assert.Contains(t, out, "removed: nobody listens\n")
}

// The same with the package of Fedora, which rpm installs into the small Debian.
func TestPageRPM(t *testing.T) {
	t.Parallel()
	d := release(t)
	root := debian(t, d)
	output(t, exec.Command("cp", newer(t, d).find(t, "*.rpm"), filepath.Join(root, "newer.rpm")))
	install, rest, ok := strings.Cut(pageScript(t, d, "Fedora and others", "The service"), "dnf_install ")
	require.True(t, ok)
	path, rest, _ := strings.Cut(rest, "\n")
	out := inside(t, root, `
install() { rpm --root "$ROOT" --nodeps --nosignature --define '_dbpath /var/lib/rpm' "$@"; }
shell `+quoted(install)+`
VERSION=`+d.version.Semver+`
install -U "$ROOT/root/`+strings.TrimPrefix(path, "./")+`"
shell `+quoted(rest)+`
install -V ldcorn
within getent passwd ldcorn
before=$(cat $ROOT/ldcorn.pid)
install -U $ROOT/newer.rpm
[ $before != $(cat $ROOT/ldcorn.pid) ]
echo "upgraded: $(shell 'curl --silent --retry 60 --retry-connrefused http://127.0.0.1:8000/')"
install -e ldcorn
echo "removed: $(shell 'curl --silent http://127.0.0.1:8000/ || echo nobody listens')"
within test ! -e /usr/bin/ldcorn -a -e /etc/ldcorn/ldconfig.star
`)
	checkService(t, out)
}

// systemd knows every word of the unit.
func TestUnit(t *testing.T) {
	t.Parallel()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("this system has no systemd") // scripts/get-systemd installs it where there is one
	}
	unit, err := os.ReadFile("files/ldcorn.service")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "ldcorn.service")
	require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(string(unit), "/usr/bin/ldcorn ", "/bin/true ")), 0o644))
	cmd := exec.Command(analyze, "verify", "--man=no", path)
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", said)
	assert.NotContains(t, string(said), path)
}
