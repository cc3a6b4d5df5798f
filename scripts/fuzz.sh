#!/bin/bash
# Fuzzes every parser under AddressSanitizer and UndefinedBehaviorSanitizer, two at a time.
#
#   scripts/fuzz.sh SECONDS [FUZZER...]
#
# SECONDS are of each fuzzer; all of them unless some are named. What is found is kept in build/fuzz/corpus/FUZZER and is
# where the next run begins; what breaks one is left in build/fuzz/broken. Ends with 1 if anything broke. Needs clang.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?usage: scripts/fuzz.sh SECONDS [FUZZER...]}
shift
cmake --preset fuzz > /dev/null
cmake --build --preset fuzz --target "${@:-fuzzers}"
mkdir -p build/fuzz/broken
fuzz() {
  local name=$1 corpus=build/fuzz/corpus/$1 seeds=()
  mkdir -p "$corpus"
  case $name in
    transcript_fuzzer) seeds=(tests/transcripts/data) ;;
    profile_fuzzer) seeds=(readers) ;;
    config_fuzzer) seeds=(packaging) ;;
  esac
  local log=build/fuzz/$name.log code=0
  build/fuzz/bin/"$name" -max_total_time="$2" -max_len=20000 -rss_limit_mb=4096 -timeout=25 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/broken/$name-" "$corpus" "${seeds[@]}" > "$log" 2>&1 || code=$?
  echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") executions, exit $code"
  [ "$code" = 0 ] || { tail -30 "$log"; return 1; }
}
export -f fuzz
if [ $# = 0 ]; then
  mapfile -t all < <(cd build/fuzz/bin && ls -- *_fuzzer)
  set -- "${all[@]}"
fi
printf '%s\n' "$@" | xargs -P 2 -I {} bash -c 'fuzz "$@"' _ {} "$seconds"
