#!/bin/sh
# Who may include whom (docs/architecture.md): every #include of ours under sim/ must follow an arrow of this table.
set -eu
cd "$(dirname "$0")/.."

allowed() { # layer -> folders it may include, itself aside
    case $1 in
        core) echo "" ;;
        net) echo "core" ;;
        machine) echo "core net" ;;
        nicmodel) echo "core net machine" ;;
        driver) echo "core net machine nicmodel" ;;
        lanes) echo "" ;;
        endpoint) echo "core net machine" ;;
        stack) echo "core net machine nicmodel driver lanes endpoint" ;;
        scenario) echo "core" ;;
        report) echo "core scenario" ;;
        study) echo "core machine report scenario topology" ;;
        topology) echo "core net machine nicmodel driver stack endpoint scenario report" ;;
        *) echo "unknown layer $1" >&2; return 1 ;;
    esac
}

bad=0
count=0
for file in sim/*/*.[ch]; do
    layer=$(basename "$(dirname "$file")")
    count=$((count + 1))
    for header in $(sed -n 's/^#include "\([^"]*\)".*/\1/p' "$file"); do
        case $header in
            */*) target=${header%%/*} ;;
            *) target=$layer
               [ -f "sim/$layer/$header" ] || { echo "$file: includes $header, which is not in sim/$layer"; bad=1; } ;;
        esac
        [ "$target" = "$layer" ] && continue
        case " $(allowed "$layer") " in
            *" $target "*) ;;
            *) echo "$file: $layer may not include $header"; bad=1 ;;
        esac
    done
done

# The guest's driver knows the card by its register list only.
if grep -n '#include "nicmodel/' sim/driver/*.[ch] | grep -v '_regs\.h"'; then
    echo "sim/driver may include the register list of nicmodel, nothing else"; bad=1
fi
# Only topology knows SimGrid, only scenario and the cost profile know YAML.
if grep -ln '#include <simgrid/' sim/*/*.[ch] | grep -v '^sim/topology/'; then
    echo "only sim/topology may include SimGrid"; bad=1
fi
# lanes/ is libc only.
if grep -n '#include <' sim/lanes/*.[ch] | grep -vE '<(assert|errno|inttypes|limits|pthread|sched|stdalign|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string|time|unistd|poll|fcntl|sys/[a-z]+|net/if|linux/if_[a-z]+|arpa/inet)\.h>'; then
    echo "sim/lanes may include libc only"; bad=1
fi
[ "$bad" -eq 0 ] && echo "layers: $count files, every include follows an arrow"
exit "$bad"
