#!/bin/bash
# scripts/install.sh puts the programs that are built on PATH, also in the place of older ones, and says so where the
# folder is not on PATH.
#
#   install_test.sh SOURCE
set -euo pipefail
work=$(mktemp -d "${TMPDIR:-/tmp}/fovea-install.XXXXXX")
trap 'rm -rf "$work"' EXIT
fail() {
  echo "FAILED: $*" >&2
  exit 1
}

mkdir -p "$work/tree/scripts" "$work/tree/build/release/bin" "$work/prefix/bin"
cp "$1/scripts/install.sh" "$work/tree/scripts/"
for program in fovead fovea fovea-gateway fovea-replay; do
  printf '#!/bin/sh\necho new %s\n' "$program" >"$work/tree/build/release/bin/$program"
  chmod 700 "$work/tree/build/release/bin/$program"
done
echo old >"$work/prefix/bin/fovea"

"$work/tree/scripts/install.sh" "$work/prefix" >"$work/said"
for program in fovead fovea fovea-gateway fovea-replay; do
  [ "$(PATH="$work/prefix/bin:$PATH" "$program")" = "new $program" ] || fail "$program is not on PATH"
done
[ "$(find "$work/prefix/bin" -type f | wc -l)" -eq 4 ] || fail "it leaves files behind"
grep -q "is not on PATH; add it: export PATH=\"$work/prefix/bin:" "$work/said" || fail "it does not say what to do"
PATH="$work/prefix/bin:$PATH" "$work/tree/scripts/install.sh" "$work/prefix" | grep -q "not on PATH" && fail "it is on PATH"
HOME=$work/home PATH=$PATH "$work/tree/scripts/install.sh" too many 2>/dev/null && fail "it takes two folders"
grep -q 'scripts/install.sh' "$1/README.md" || fail "the README does not name it"
echo passed
