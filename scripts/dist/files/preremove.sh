#!/bin/sh
# dpkg calls this with "remove" or "upgrade", and rpm with 0 at a removal, and with 1 at an
# upgrade.
set -e

[ -d /run/systemd/system ] || exit 0
case "$1" in
remove | 0)
	systemctl disable --now ldcorn.service || :
	;;
esac
