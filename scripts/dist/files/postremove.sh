#!/bin/sh
# dpkg calls this with "remove", "purge" and other words, and rpm with 0 at a removal. The
# user remains, as files can belong to it. What ldcorn has stored goes with a purge.
set -e

case "$1" in
purge)
	rm -rf /var/lib/ldcorn
	;;
esac
[ ! -d /run/systemd/system ] || systemctl daemon-reload || :
