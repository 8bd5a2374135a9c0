#!/bin/sh
# What a simulated second costs, beside a peer measured in the same run.  Machines are shared and noisy: read the ratios.
set -euf
cd "$(dirname "$0")/.."
xbow=build/xbow
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

field() { # key, file: the number after "key":
    sed -n "s/.*\"$1\": *\([0-9.eE+-]*\).*/\1/p" "$2" | head -1
}
run() { # label, scenario and options...: prints a row, leaves hops/s in $rate
    label=$1; shift
    best=
    for attempt in 1 2 3; do
        code=0
        "$xbow" run "$@" --quiet --json --jobs 1 --plots /dev/null --out "$work/out" >"$work/json" 2>"$work/err" || code=$?
        [ "$code" -le 1 ] || { cat "$work/err"; exit 1; }
        wall=$(field wall_s "$work/json")
        if [ -z "$best" ] || awk "BEGIN { exit !($wall < $best) }"; then best=$wall; cp "$work/json" "$work/best"; fi
    done
    rate=$(awk -v s="$(field simulated_s "$work/best")" -v w="$best" -v e="$(field events "$work/best")" \
        -v h="$(field packet_hops "$work/best")" -v m="$(field peak_rss_bytes "$work/best")" -v l="$label" 'BEGIN {
            printf "%-44s %8.3f %10.2f %10.2f %8.0f\n", l, w / s, e / w / 1e6, h / w / 1e6, m / 1048576 > "/dev/stderr"
            print h / w }')
}

printf '%-44s %8s %10s %10s %8s\n' "best of 3" "s/s" "Mevents/s" "Mhops/s" "MB"
rig="scenarios/paper/figure-2.yaml --variant nic --reps 1"
time="--set time.warmup=100ms --set time.measure=900ms"
run "Figure 2 rig, system under test in full" $rig $time
sut_rate=$rate
run "Figure 2 rig, all six machines in full" $rig $time --set machines.client*.detail=full
run "Figure 2 rig, network and TCP only" $rig $time --set machines.sut.detail=light
light_rate=$rate
run "64-byte flood at line rate, receiver in full" scenarios/whatif/flood.yaml --variant flood
if pkg-config --exists ns3-core ns3-internet ns3-point-to-point ns3-applications 2>/dev/null && command -v g++ >/dev/null; then
    g++ -O2 -o "$work/ns3_rig" bench/ns3_rig.cc \
        $(pkg-config --cflags --libs ns3-core ns3-network ns3-internet ns3-point-to-point ns3-applications)
    "$work/ns3_rig" 0.1 >"$work/ns3"
    awk -v light="$light_rate" -v sut="$sut_rate" '{
        theirs = $6 / $4
        printf "%-44s %8.3f %10s %10.3f\n", "ns-3, same rig, network and TCP only", $4 / $2, "-", theirs / 1e6
        printf "packet-hops per wall second, as a multiple of those of ns-3:\n"
        printf "%-44s %8.0f\n", "  the same work: network and TCP only", light / theirs
        printf "%-44s %8.0f\n", "  with the system under test in full", sut / theirs }' "$work/ns3"
else
    echo "ns-3 is not here to compare with: install libns3-dev and g++"
fi
