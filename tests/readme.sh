#!/bin/sh
# The documentation's commands work: runs every line of README.md and docs/*.md that stands in a ```sh block and begins
# with build/xbow, with the results in a scratch folder, and fails on the first that does not exit 0.
set -eu
cd "$(dirname "$0")/.."
XBOW=${XBOW:-build/xbow}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
here=$(pwd)

# A copy of what the commands read, so that results/ of this tree stays as it is.
cp -r scenarios tools "$work/"
mkdir -p "$work/build" "$work/docs"
ln -s "$here/$XBOW" "$work/build/xbow"

awk '/^```sh/ { inside = 1; next } /^```/ { inside = 0 } inside && /^build\/xbow / { print }' README.md docs/*.md |
    sort -u >"$work/commands"
count=0
while read -r line; do
    count=$((count + 1))
    if ! (cd "$work" && sh -c "$line" >out 2>err </dev/null); then
        echo "readme: this command of the documentation fails: $line"
        tail -20 "$work/err"
        exit 1
    fi
done <"$work/commands"
[ "$count" -gt 0 ] || { echo "readme: no command found"; exit 1; }
for target in $(grep -ohE '^make [a-z]+' README.md | sed 's/make //' | sort -u); do
    grep -q "^$target:" Makefile || { echo "readme: make $target does not exist"; exit 1; }
done
# Every relative link leads somewhere.
for file in README.md docs/*.md docs/decisions/*.md; do
    for link in $(grep -oE '\]\([^)#: ]+[)#]' "$file" | sed 's/](//; s/[)#]$//'); do
        [ -e "$(dirname "$file")/$link" ] || case $link in
            *results/*) ;;
            *) echo "readme: $file links to $link, which is not there"; exit 1 ;;
        esac
    done
done
echo "readme: $count commands of the documentation run"
