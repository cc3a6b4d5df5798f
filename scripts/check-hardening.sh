#!/bin/bash
# Whether programs are built as what is shipped must be: position independent, relocations read-only and bound at start, no
# executable stack, stack protector, checked library calls. Names each thing that is missing; exit code 1 if there is any.
#
#   scripts/check-hardening.sh build/release/bin/fovead ...
set -euo pipefail
[ $# -gt 0 ] || { echo "usage: $0 PROGRAM..." >&2; exit 2; }
failed=0
missing() {
  echo "$1: $2" >&2
  failed=1
}
for program in "$@"; do
  headers=$(readelf --wide --program-headers --file-header "$program")
  dynamic=$(readelf --wide --dynamic "$program")
  symbols=$(readelf --wide --dyn-syms "$program")
  grep -q 'Type: *DYN' <<< "$headers" || missing "$program" "is not position independent"
  grep -q GNU_RELRO <<< "$headers" || missing "$program" "has no read-only relocations"
  grep -Eq 'BIND_NOW|FLAGS_1.*NOW' <<< "$dynamic" || missing "$program" "binds symbols lazily"
  grep -Eq 'GNU_STACK.* RWE' <<< "$headers" && missing "$program" "has an executable stack"
  grep -q '__stack_chk_fail' <<< "$symbols" || missing "$program" "has no stack protector"
  grep -Eq '__[a-z]+_chk@' <<< "$symbols" || missing "$program" "calls no checked functions (_FORTIFY_SOURCE)"
done
[ $failed -eq 0 ] && echo "$# programs are hardened"
exit $failed
