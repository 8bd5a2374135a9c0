#!/bin/sh
# Makes sure that the Debian packages named on the command line are installed.  Installs the missing ones as root or
# with sudo; otherwise prints the exact command and stops.
set -eu
missing=
for package in "$@"; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root=sudo
else
    echo "xbow needs these Debian packages, and neither root nor password-less sudo is at hand to install them:" >&2
    echo "   $missing" >&2
    echo "Install them with:" >&2
    echo "    sudo apt-get update && sudo apt-get install --no-install-recommends$missing" >&2
    exit 1
fi
echo "installing missing packages:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { $as_root apt-get update &&
       DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y --no-install-recommends $missing; } \
        >"$log" 2>&1 </dev/null; then
    tail -20 "$log" >&2
    echo "installing failed; the packages are:$missing" >&2
    exit 1
fi
