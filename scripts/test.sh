#!/bin/bash
# Builds and checks everything, and closes with a summary of what passed.
#
#   scripts/test.sh            tests clients format sanitizers
#   scripts/test.sh --quick    build and tests only
#   scripts/test.sh PART...    the named parts. Only where they are named, for the time that they take: tidy,
#                              clang-tidy over a share of the product's sources, tidy-all and tidy-tests, and
#                              sanitizers-all, the unit tests of every room
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

parts=()
for argument in "$@"; do
  case "$argument" in
    --quick) parts+=(tests) ;;
    tests | clients | format | tidy | tidy-all | tidy-tests | sanitizers | sanitizers-all) parts+=("$argument") ;;
    *)
      sed -n '2,8p' "$0" | sed 's/^# \{0,1\}//' >&2
      exit 2
      ;;
  esac
done
if [ ${#parts[@]} -eq 0 ]; then parts=(tests clients format sanitizers); fi

jobs=$(nproc)
logs=$(mktemp -d "${TMPDIR:-/tmp}/fovea-test.XXXXXX")
trap 'rm -rf "$logs"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

sources() {
  git ls-files --cached --others --exclude-standard -- '*.cc' '*.h'
}

configure() {
  cmake --preset "$1" >"$logs/configure" 2>&1 || {
    cat "$logs/configure"
    return 1
  }
}

run_tests() {
  configure dev && cmake --build build/dev -j "$jobs" && ctest --preset dev -j $((jobs + 1))  # some tests mostly wait
}

# The clients in other languages, against build/dev/bin/fovead.
run_clients() {
  scripts/test-clients.sh
}

run_format() {
  sources | xargs -r clang-format --dry-run -Werror
}

# One pass of clang over the sources that are listed: its checks and its analysis of locks.
tidy_listed() {
  # The list is on standard input: nothing else may read from it.
  { configure clang && cmake --build build/clang --target fovea_proto -j "$jobs"; } </dev/null || return 1
  while read -r file; do
    if grep -q "\"file\": \"$PWD/$file\"" build/clang/compile_commands.json; then echo "$file"; fi
  done | xargs -r -P "$jobs" -n 2 clang-tidy -p build/clang --quiet \
    --checks='clang-diagnostic-*' >"$logs/tidy" 2>"$logs/tidy.err"
  local status=$?
  if [ $status -ne 0 ]; then cat "$logs/tidy"; fi
  return $status
}

product_sources() {
  sources | grep '\.cc$' | grep -v '^tests/'
}

# A share of the product's sources, by the commit: what the last commits changed, newest first, then others in an
# order that the commit decides. So a run stays short, and some ten commits see every source.
run_tidy() {
  local head
  head=$(git rev-parse HEAD)
  {
    git log -n 30 --format= --name-only | awk '!seen[$0]++' | grep -Fxf <(product_sources) | head -n 20
    product_sources | while read -r file; do
      printf '%s %s\n' "$(printf '%s %s' "$head" "$file" | sha256sum | cut -c1-16)" "$file"
    done | sort | cut -d' ' -f2- | head -n 20
  } | sort -u | tidy_listed
}

run_tidy-all() {
  product_sources | tidy_listed
}

run_tidy-tests() {
  sources | grep '^tests/.*\.cc$' | tidy_listed
}

# AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer in one build, over the tests of what plans, keeps and
# parses. Only their programs are built.
run_sanitizers() {
  configure asan && cmake --build build/asan -j "$jobs" --target core_test planner_test memory_store_test transcripts_test &&
    ctest --preset asan -R '^(core|planner|memory_store|transcripts)_test$' -j "$jobs"
}

# The same over the unit tests of every room.
run_sanitizers-all() {
  configure asan || return 1
  local programs
  programs=$(cd build/asan && ctest -N -L unit | sed -n 's/^ *Test *#[0-9]*: //p')
  if [ -z "$programs" ]; then
    echo "no test has the label unit"
    return 1
  fi
  # shellcheck disable=SC2086  # a list of names
  cmake --build build/asan -j "$jobs" --target $programs && ctest --preset asan -L unit -j "$jobs"
}

scripts/install-dependencies.sh || exit 1
scripts/install-vocabularies.sh || echo "exact counts will not be compared" >&2
node tests/core/tokens/reference_counts.mjs install || echo "exact counts will not be compared" >&2
scripts/install-test-packages.sh || echo "the test with the vendors' SDKs will be skipped" >&2

lines=()
failed=()
for part in "${parts[@]}"; do
  printf '\n=== %s\n' "$part"
  started=$SECONDS
  if "run_$part"; then result=Passed; else result="***Failed"; fi
  if [ "$result" != Passed ]; then failed+=("$part"); fi
  lines+=("$(printf '%d/%d Part: %-10s %12s %6d sec' $((${#lines[@]} + 1)) ${#parts[@]} "$part" "$result" $((SECONDS - started)))")
done

printf '\n=== summary\n'
printf '%s\n' "${lines[@]}"
printf '\n%d%% of parts passed, %d failed out of %d\n' \
  $((100 * (${#parts[@]} - ${#failed[@]}) / ${#parts[@]})) ${#failed[@]} ${#parts[@]}
if [ ${#failed[@]} -gt 0 ]; then
  printf 'failed: %s\n' "${failed[*]}"
  exit 1
fi
