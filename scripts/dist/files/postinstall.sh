#!/bin/sh
# dpkg calls this with "configure" and the version before, if there was one. rpm calls it
# with 1 at an installation, and with 2 at an upgrade.
set -e

if ! getent passwd ldcorn >/dev/null; then
	shell=/usr/sbin/nologin
	[ -x "$shell" ] || shell=/sbin/nologin
	useradd --system --user-group --home-dir /var/lib/ldcorn --no-create-home --shell "$shell" ldcorn
fi

[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload || :
case "$1 $2" in
"configure "?* | "2 "*)
	# A new master answers requests again once its workers are ready. The old one has
	# finished its own by then.
	systemctl try-restart ldcorn.service || :
	;;
esac
