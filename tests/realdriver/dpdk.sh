#!/bin/sh
# Where Debian's DPDK is: prints the compiler's flags for its headers; says what is missing and fails otherwise.
# "dpdk.sh install" first puts it there: as root or with sudo, the run-time packages of the driver (about 10 MB) and libbsd-dev by
# apt, the headers alone out of libdpdk-dev, whose dependencies are 200 packages that nothing here needs.
set -eu
cd "$(dirname "$0")/../.."

packages="librte-net-ixgbe23 librte-mempool-ring23 libbsd-dev"
own=build/dpdk
lib=/usr/lib/x86_64-linux-gnu

missing() { echo "realdriver: $1" >&2; exit 1; }

[ "$(uname -m)" = x86_64 ] || missing "needs an x86-64 processor"

if [ "${1-}" = install ]; then
    [ -e $lib/librte_net_ixgbe.so.23 ] && [ -e $lib/librte_mempool_ring.so.23 ] && [ -e /usr/include/bsd/string.h ] ||
        tools/require.sh $packages >&2 || missing "cannot install $packages"
    if ! [ -e /usr/include/dpdk/rte_ethdev.h ] && ! [ -e $own/usr/include/dpdk/rte_ethdev.h ]; then
        mkdir -p $own
        (cd $own && { apt-get download libdpdk-dev || { apt-get update && apt-get download libdpdk-dev; }; } >&2 &&
            dpkg-deb -x libdpdk-dev_*.deb . && rm libdpdk-dev_*.deb) ||
            missing "cannot fetch the headers in libdpdk-dev"
        rm -rf $own/usr/lib $own/usr/share
    fi
fi

for file in $lib/librte_net_ixgbe.so.23 $lib/librte_mempool_ring.so.23 /usr/include/bsd/string.h; do
    [ -e $file ] || missing "needs $packages (no $file)"
done
for root in "" "$PWD/$own"; do
    [ -e "$root/usr/include/dpdk/rte_ethdev.h" ] || continue
    echo "-isystem $root/usr/include/x86_64-linux-gnu/dpdk -isystem $root/usr/include/dpdk -include rte_config.h -march=corei7"
    exit 0
done
missing "needs the headers of libdpdk-dev (tests/realdriver/dpdk.sh install fetches them)"
