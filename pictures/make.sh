#!/bin/sh
# Draws every moving picture of the README anew: run it from the repository's root when the weights or an example changed.
# Takes a few minutes on two cores. `sh pictures/make.sh NAME…` draws only these.
set -e
PROGRAM="${PROGRAM:-parseq-tui}"
HERE="$(cd "$(dirname "$0")" && pwd)"
WORK="$(mktemp -d)"
trap 'rm -rf "$WORK"' EXIT
[ $# -gt 0 ] || set -- $("$PROGRAM" new 2>/dev/null | cut -d' ' -f1 | grep -v '^blank$')
for NAME in "$@"; do
  "$PROGRAM" new "$WORK/$NAME.json" --from "$NAME" 2>/dev/null
  "$PROGRAM" render "$WORK/$NAME.json" --out "$WORK/$NAME.webp"
  mv "$WORK/$NAME.webp" "$HERE/"
done
ls -l "$HERE"
