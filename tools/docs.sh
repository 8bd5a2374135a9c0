#!/bin/sh
# Writes the parts of docs/ that are made from the code's own tables: whole files, and what stands between the markers
# <!-- begin generated ... --> and <!-- end generated ... -->.
set -eu
cd "$(dirname "$0")/.."
xbow=build/xbow
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

whole() { # page, file
    "$xbow" docs "$1" >"$work/page"
    cp "$work/page" "$2"
}
between() { # page, file
    "$xbow" docs "$1" >"$work/page"
    awk -v page="$work/page" '
        /^<!-- begin generated/ { print; while ((getline line < page) > 0) print line; skipping = 1 }
        /^<!-- end generated/ { skipping = 0 }
        !skipping && !/^<!-- begin generated/ { print }' "$2" >"$work/new"
    cp "$work/new" "$2"
}
whole registers docs/registers.md
whole registers-82573 docs/registers-82573.md
whole schema docs/scenario.schema.json
between scenario docs/scenario.md
between metrics docs/results.md
