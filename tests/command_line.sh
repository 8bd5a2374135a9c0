#!/bin/sh
# The command line as a user meets it: exit codes, messages with file:line:column, and that nothing is lost.
# Usage: XBOW=build/xbow tests/command_line.sh
set -u
cd "$(dirname "$0")/.."
XBOW=${XBOW:-build/xbow}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checks=0
failed=0

fail() { echo "command_line: $*"; sed 's/^/    /' "$work/err"; failed=$((failed + 1)); }

# expect CODE PATTERN ARGUMENT...: the exit code, and an extended regular expression that a line of stderr or stdout
# must match; '': nothing may be said at all.
expect() {
    code=$1 pattern=$2
    shift 2
    checks=$((checks + 1))
    timeout 60 "$XBOW" "$@" >"$work/out" 2>"$work/err" </dev/null
    got=$?
    [ "$got" -eq "$code" ] || { fail "$* : exit $got, expected $code"; return; }
    cat "$work/out" "$work/err" >"$work/said"
    if [ -z "$pattern" ]; then
        [ ! -s "$work/said" ] || fail "$* : expected silence"
    else
        grep -qE -- "$pattern" "$work/said" || fail "$* : no line matches '$pattern'"
    fi
}
yaml() { cat >"$work/$1"; }

short="--set time.warmup=1ms --set time.measure=2ms --quiet"

# What works.
expect 0 'usage: xbow' help
expect 0 '^xbow [0-9]' version
expect 0 'no mistakes' check scenarios/hello.yaml
expect 0 '' run scenarios/hello.yaml $short --out "$work/hello"
[ -s "$work/hello/summary.json" ] && [ -s "$work/hello/links.csv" ] || fail "run: no results"
expect 0 '"simulated_s"' run scenarios/hello.yaml $short --json --out "$work/hello"
expect 0 '^(di)?graph' show scenarios/hello.yaml --dot
expect 0 'hwlane3 +ring 3 +poll cpu [0-7] ' show scenarios/paper/figure-2.yaml --variant nic
expect 0 '^machines:' show scenarios/hello.yaml --keys
regs="regs scenarios/paper/figure-2.yaml --at 2ms"
expect 0 '^RXDCTL\[0-3\] +0x01028  0x02' $regs
expect 0 '^  BSIZEPACKET +6:0 +2  buffer size, KiB' $regs --match srrctl
expect 0 '^  DESCTYPE +27:25 +1  descriptor format: advanced, one buffer' $regs --nic 'sut/*' --match 'SRR*'
expect 0 '^FCRTV ' $regs --all
expect 0 '"registers_all"' $regs --json --match 'RDT[1]'
expect 0 '0 shown' regs scenarios/paper/figure-2.yaml --at 0s --match FCRTV
for f in scenarios/*.yaml scenarios/*/*.yaml; do
    case $f in scenarios/profiles/*) continue ;; esac
    expect 0 'no mistakes' check "$f"
done

# The command line's own mistakes.
expect 2 'usage' ''
expect 2 "unknown command 'rnu'" rnu
expect 2 'a scenario file is missing' run
expect 2 "unknown option '--sede'" run scenarios/hello.yaml --sede 1
expect 2 'a value is missing' run scenarios/hello.yaml --seed
expect 2 '--seed x: expected a whole number' run scenarios/hello.yaml --seed x
expect 2 '--seed -1: expected' run scenarios/hello.yaml --seed -1
expect 2 '--reps 0: expected a whole number' run scenarios/hello.yaml --reps 0
expect 2 "no variant 'x'" run scenarios/hello.yaml --variant x
expect 2 "tiem.*did you mean 'time'" run scenarios/hello.yaml --set tiem.measure=1ms
expect 2 'measure: a bare number where a duration is needed' run scenarios/hello.yaml --set time.measure=1
expect 2 "one file at a time" run scenarios/hello.yaml scenarios/hello.yaml
expect 2 'expected a folder of scenarios' reproduce "$work/nowhere"
expect 2 'docs: expected registers' docs poetry
expect 2 '--at 9s: out of range, expected 0s to 1.2s' regs scenarios/paper/figure-2.yaml --at 9s
expect 2 '--at: a bare number where a duration is needed' regs scenarios/paper/figure-2.yaml --at 9
expect 2 "no NIC 'sut/ixgbe9', did you mean 'sut/ixgbe0'" $regs --nic sut/ixgbe9
expect 2 'hello.yaml: no NIC has registers' regs scenarios/hello.yaml
expect 2 'client1/ixgbe0 has no registers' $regs --nic client1/ixgbe0
expect 2 "no register 'RXDTCL', did you mean 'RXDCTL'" $regs --match rxdtcl
expect 2 "no variant 'x'" $regs --variant x
expect 1 'run the scenario first' plot scenarios/hello.yaml --out "$work/never-run"

# Files that are not scenarios.
expect 2 'No such file' run "$work/none.yaml"
: >"$work/empty.yaml";                                   expect 2 'empty' run "$work/empty.yaml"
head -c 4096 /dev/urandom >"$work/binary.yaml";          expect 2 'binary.yaml' run "$work/binary.yaml"
expect 2 'directory' run "$work"
awk 'BEGIN { print "title: x"; for (i = 0; i < 900000; i++) print "k" i ": 12345" }' >"$work/big.yaml"
expect 2 'big.yaml' run "$work/big.yaml"
awk 'BEGIN { for (i = 0; i < 20000; i++) printf "["; print "" }' >"$work/deep.yaml"
expect 2 'deep' run "$work/deep.yaml"
awk 'BEGIN { print "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"
             for (i = 1; i < 12; i++) { printf "a%d: &a%d [", i, i
                 for (j = 0; j < 10; j++) printf "%s*a%d", j ? ", " : "", i - 1; print "]" } }' >"$work/laughs.yaml"
expect 2 'laughs.yaml:[0-9]+:[0-9]+' run "$work/laughs.yaml"

# Mistakes in scenarios: all at once, with their places.
yaml wrong.yaml <<'Y'
title: wrong in many ways
tiem: {warmup: 1ms}
time: {warmup: 1, measure: 2ms, measure: 3ms}
switches: {s: {rate: 10Gbqs, latency: -1us}}
machines:
  a: {detail: ligth, nics: {n0: {wire: nowhere}}}
  b: {detail: full, cpus: {sockets: 0, cores: 4}, nics: {n0: {wire: s, lanes: 99}}}
traffic:
  - uperf: {from: a, to: c, streams: 0}
expect:
  - {metric: gooodput, at-least: 5Gbps}
plot: [histogramm]
Y
expect 2 "wrong.yaml:2:1: unknown key 'tiem', did you mean 'time'\?$" run "$work/wrong.yaml" --out "$work/wrong"
[ ! -e "$work/wrong" ] || fail "wrong.yaml: something was written"
while read -r line; do
    checks=$((checks + 1))
    grep -qF -- "/wrong.yaml:$line" "$work/err" || fail "wrong.yaml: nobody said $line"
done <<'Y'
3:33: 'measure' is given twice, first in line 3
3:16: warmup: a bare number where a duration is needed
4:22: rate: unknown unit 'Gbqs' where a rate is needed
4:39: latency: '-1us' is out of range
6:15: detail: unknown value 'ligth', did you mean 'light'?
6:40: wire: there is no switch 'nowhere'
7:37: sockets: '0' is out of range, expected 1 to
7:79: lanes: '99' is out of range, expected 1 to
9:26: to: there is no machine 'c'
9:38: streams: '0' is out of range
11:14: unknown metric 'gooodput', expected perhaps 'goodput'
12:7: unknown plot 'histogramm'
Y
[ "$(wc -l <"$work/err")" -eq 13 ] || fail "wrong.yaml: expected 13 messages"

# Those of the scenario and of all its variants, each once.
yaml variants.yaml <<'Y'
title: wrong in its variants
reps: 0
switches: {s: {}}
machines: {a: {nics: {n: {wire: s}}}, b: {nics: {n: {wire: s}}}}
traffic: [{uperf: {from: a, to: b}}]
variants:
  one: {machines.a.nics.n.rat: 1Gbps}
  two: {traffic.0.streams: none}
Y
expect 2 "variants.yaml:2:7: reps: '0' is out of range" check "$work/variants.yaml"
grep -q "variants.yaml:7:9: .*unknown key 'rat', did you mean 'rate'" "$work/err" || fail "variants.yaml: nobody said 'rat'"
grep -q "variants.yaml:8:[0-9]*: streams: 'none'" "$work/err" || fail "variants.yaml: nobody said 'none'"
[ "$(wc -l <"$work/err")" -eq 3 ] || fail "variants.yaml: expected 3 messages"
expect 2 "no variant 'oen', did you mean 'one'" check "$work/variants.yaml" --variant oen

# Mistakes that only the world shows: found by check as well, and nothing is run.
yaml apart.yaml <<'Y'
switches: {s: {}, t: {}}
machines: {a: {nics: {n: {wire: s}}}, b: {nics: {n: {wire: t}}}}
traffic: [{uperf: {from: a, to: b}}]
Y
expect 2 "apart.yaml:3:[0-9]+: .*no wires lead from switch 's' to switch 't'" check "$work/apart.yaml"
yaml two-cards.yaml <<'Y'
switches: {s: {}, t: {}}
machines: {a: {nics: {n: {wire: s}, m: {wire: t}}}, b: {nics: {n: {wire: t}}}}
traffic: [{uperf: {from: a, to: b}}]
Y
expect 2 "to switch 't'; 'via' names another NIC" check "$work/two-cards.yaml"
yaml worlds.yaml <<'Y'
switches: {s: {}, t: {}}
machines: {a: {detail: full, nics: {n: {wire: s}, m: {wire: t}}}, b: {nics: {n: {wire: t}}}}
traffic: [{uperf: {from: a, to: b}}]
variants:
  one: {}
  two: {traffic.0.via: m}
  three: {traffic.0.via: m, machines.a.links: {"v[1-8]": {over: m, rxrings: hw}}}
Y
expect 2 "worlds.yaml:3:[0-9]+: .*no wires lead" check "$work/worlds.yaml"
grep -q "worlds.yaml:2:[0-9]*: a/m: has at most 16 receive rings" "$work/err" || fail "worlds.yaml: nobody said 'rings'"
[ "$(wc -l <"$work/err")" -eq 2 ] || fail "worlds.yaml: expected 2 messages"
yaml rings.yaml <<'Y'
switches: {s: {}}
machines:
  a: {detail: full, nics: {n: {wire: s}}, links: {"v[1-8]": {over: n, rxrings: hw}}}
  b: {nics: {n: {wire: s}}}
traffic: [{uperf: {from: a, to: b}}]
Y
expect 2 'rings.yaml:3:[0-9]+: a/n: has at most 16 receive rings; asked for: 9 groups of 4' run "$work/rings.yaml"
yaml platform.yaml <<'Y'
title: a platform that is not there
platform: missing.xml
machines: {a: {detail: light, nics: {n0: {}}}, b: {detail: light, nics: {n0: {}}}}
traffic: [{uperf: {from: a, to: b}}]
Y
expect 2 'missing.xml' run "$work/platform.yaml"
expect 2 'profile' run scenarios/hello.yaml --set profile=nonesuch

# The ledger: what held must go on holding.
mkdir "$work/paper"
cat >"$work/paper/one.yaml" <<'Y'
time: {warmup: 1ms, measure: 2ms}
machines: {a: {nics: {n: {wire: s}}}, b: {nics: {n: {wire: s}}}}
switches: {s: {}}
traffic: [{uperf: {from: a, to: b}}]
expect: [{metric: goodput, at-least: 1Gbps, says: it moves, section: "1"}]
Y
expect 0 '1 of 1 checks hold, of 1 sentences' reproduce "$work/paper" --out "$work/ledger"
[ -s "$work/ledger/paper/index.html" ] && [ -s "$work/ledger/paper/claims.json" ] || fail "reproduce: no ledger"
expect 0 '1 of 1 checks hold' reproduce "$work/paper" --out "$work/ledger" --held "$work/ledger/paper/held.json"
sed -i 's/1Gbps/100Gbps/' "$work/paper/one.yaml"
expect 1 '^does not hold: goodput of default in one: ' reproduce "$work/paper" --out "$work/ledger2"
expect 1 '^no longer holds: goodput of default in one, at least 1Gbps: ' reproduce "$work/paper" --out "$work/ledger2" \
    --held "$work/ledger/paper/held.json"
expect 1 'none.json: .*No such file' reproduce "$work/paper" --out "$work/ledger2" --held "$work/none.json"

# Calibration and sensitivity.
cat >"$work/rig.yaml" <<'Y'
time: {warmup: 1ms, measure: 4ms}
switches: {s: {}}
machines:
  sut: {detail: full, cpus: {sockets: 1, cores: 1}, nics: {n: {wire: s, lanes: 1}}}
  c: {nics: {n: {wire: s}}}
traffic: [{packets: {from: c, to: sut, frame: 200B, packet-rate: 60kpps}}]
expect: [{metric: cpu-idle, at-least: 1%}]
Y
cat >"$work/fit.yaml" <<'Y'
scenario: rig.yaml
fit: [intr_exit]
rows:
  - {metric: cpu-interrupt, value: 12%, tolerance: 1%, source: here}
Y
expect 0 'entry +start +fitted +std error' calibrate "$work/fit.yaml" --out "$work/fitted.yaml"
expect 0 '' calibrate "$work/fit.yaml" --out "$work/again.yaml" --quiet --jobs 1
sed 's/^name: again/name: fitted/' "$work/again.yaml" | diff - "$work/fitted.yaml" >/dev/null ||
    fail "calibrate: the same fit gave other bytes"
grep -q 'confidence: fitted' "$work/fitted.yaml" || fail "calibrate: nothing is fitted"
expect 0 '' run "$work/rig.yaml" --set "profile=$work/fitted.yaml" --quiet --out "$work/refit"
expect 2 'is the profile that the fit starts from' calibrate "$work/fit.yaml" \
    --out scenarios/profiles/harpertown-2.8.yaml
expect 2 'is there and no cost profile' calibrate "$work/fit.yaml" --out "$work/rig.yaml"
expect 1 'cannot be written: No such file' calibrate "$work/fit.yaml" --out "$work/nowhere/fitted.yaml" --quiet
expect 2 'a calibration file is missing' calibrate
sed 's/^scenario/tilte: x\n&/' "$work/fit.yaml" >"$work/fit2.yaml"
expect 2 "fit2.yaml:1:1: unknown key 'tilte', did you mean 'title'" calibrate "$work/fit2.yaml" --out "$work/x.yaml"
[ ! -e "$work/x.yaml" ] || fail "calibrate: a mistake left a profile"
look="sensitivity $work/rig.yaml --entry intr_* --entry tcp_timer --out $work/look"
expect 0 '^  intr_exit +1.5 to 12.5 us .*clear$' $look --reps 2
[ -s "$work/look/sensitivity.csv" ] && [ -s "$work/look/tornado.csv" ] || fail "sensitivity: no results"
expect 0 '' $look --quiet --metric intr-rate
expect 2 "no entry 'x'" sensitivity "$work/rig.yaml" --entry x
expect 2 "unknown metric 'cpu-idel', expected perhaps 'cpu-idle'" $look --metric cpu-idel
mkdir "$work/precious" && echo mine >"$work/precious/file"
expect 1 'precious' sensitivity "$work/rig.yaml" --quiet --out "$work/precious"

# Results are never half written, and never lost.
expect 0 '' run scenarios/hello.yaml $short --out "$work/kept"
cp -r "$work/kept" "$work/before"
expect 2 "seed: 'x' is not a whole number" run scenarios/hello.yaml $short --set seed=x --out "$work/kept"
diff -r "$work/kept" "$work/before" >/dev/null || fail "a mistake changed earlier results"
expect 1 '/dev/null' run scenarios/hello.yaml $short --out /dev/null/x
expect 1 'precious' run scenarios/hello.yaml $short --out "$work/precious"
[ "$(cat "$work/precious/file")" = mine ] || fail "--out destroyed a folder that holds no results"
checks=$((checks + 1))
(ulimit -f 1; "$XBOW" run scenarios/hello.yaml $short --out "$work/kept") >"$work/out" 2>"$work/err"
[ $? -eq 1 ] || fail "a full disk must end with exit 1"
diff -r "$work/kept" "$work/before" >/dev/null || fail "a full disk changed earlier results"
checks=$((checks + 1))
timeout -s KILL 1 "$XBOW" run scenarios/hello.yaml --set time.measure=1000s --out "$work/kept" >"$work/out" 2>&1
diff -r "$work/kept" "$work/before" >/dev/null || fail "a killed run changed earlier results"
# Every plot of the paper's scenarios is drawn, without a word.
for scenario in scenarios/paper/*.yaml; do
    name=$(basename "$scenario" .yaml)
    timeout 60 "$XBOW" run "$scenario" $short --reps 1 --out "$work/plots/$name" >"$work/out" 2>"$work/err"
    grep -qE 'gnuplot|warning|undefined' "$work/err" && fail "plots of $scenario"
    [ -n "$(find "$work/plots/$name" -name '*.png' -size +4k)" ] || fail "$scenario: no plot"
    checks=$((checks + 1))
done
checks=$((checks + 1))
"$XBOW" version >/dev/full 2>"$work/err"
[ $? -eq 1 ] || fail "standard output that cannot be written must end with exit 1"

[ "$failed" -eq 0 ] && echo "command_line: $checks checks passed"
[ "$failed" -eq 0 ]
