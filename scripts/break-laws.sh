#!/bin/bash
# Shows that a check for each law can fail: breaks the law in a scratch copy of the sources, one at a time,
# and expects the named test to fail. Prints a line a law; exits 1 if a break went unnoticed.
#
#   scripts/break-laws.sh [BUILD_FOLDER]
#
# Takes some minutes: the first build of the scratch copy is complete for the tests it needs.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

scratch=${1:-$(mktemp -d "${TMPDIR:-/tmp}/fovea-laws.XXXXXX")}
mkdir -p "$scratch/source"
git archive HEAD | tar x -C "$scratch/source"
cmake -S "$scratch/source" -B "$scratch/build" -G Ninja -DCMAKE_BUILD_TYPE=Debug \
  -DCMAKE_CXX_FLAGS_DEBUG=-O1 -DFOVEA_BUILD_BENCH=OFF >"$scratch/configure.log" 2>&1 || {
  cat "$scratch/configure.log"
  exit 1
}

unnoticed=0

# break_law LAW TARGET TEST_FILTER FILE PERL_EXPRESSION
break_law() {
  local law=$1 target=$2 filter=$3 file=$4 expression=$5 verdict
  local source="$scratch/source/$file"
  cp "$source" "$scratch/kept"
  perl -0pi -e "$expression" "$source"
  if cmp -s "$source" "$scratch/kept"; then
    verdict="THE BREAK DID NOT APPLY"
  elif ! cmake --build "$scratch/build" --target "$target" >"$scratch/build.log" 2>&1; then
    verdict="THE BREAK DID NOT BUILD"
    tail -n 5 "$scratch/build.log"
  elif "$scratch/build/bin/$target" --gtest_filter="$filter" >"$scratch/test.log" 2>&1; then
    verdict="NOT NOTICED"
  else
    verdict="noticed by $(sed -n 's/^\[  FAILED  \] \([^ ]*\).*/\1/p' "$scratch/test.log" | head -n 1)"
  fi
  case "$verdict" in noticed*) ;; *) unnoticed=$((unnoticed + 1)) ;; esac
  cp "$scratch/kept" "$source"
  printf 'law %s: %s (%s)\n' "$law" "$verdict" "$file"
}

break_law "1, the log is exact" memory_store_test '*' memory_store/turn_codec.cc \
  's/String\(part\.text\);/String(part.text.substr(part.text.size() \/ 2));/'
break_law "2, a plan is a pure function" planner_laws_test '*ReplayingALog*/claude' core/forgetting/step.cc \
  's/(absl::Status Step::MoveTail\(int64_t low_tokens\) \{)/$1\n  static int64_t calls = 0;\n  low_tokens += 97 * (++calls % 5);/'
break_law "3, the prefix stands still in an epoch" planner_laws_test '*HoldAtEveryTurn/claude' core/context/assemble.cc \
  's/\{sheet\.latent\(\)->note\}/{sheet.latent()->note + std::to_string(plan_.last_seq)}/'
break_law "3, epochs are few" planner_test '*EpochsAreFew*' core/forgetting/planner.cc \
  's/const bool tail_due = [^;]*;/const bool tail_due = room_.movable_verbatim_tokens() > 0 * high * step;/'
break_law "4, pages are cheaper than text" planner_test '*' core/forgetting/run_builder.cc \
  's/if \(price < static_cast<double>\(text_tokens\)\) break;/if (price >= 0) break;/'
break_law "5, groups stay whole" planner_laws_test '*HoldAtEveryTurn/claude' core/log/group.cc \
  's/step\.joined = newest_\.open && turn\.role != Role::kAssistant;/step.joined = false;/'
break_law "6, what must be text is text" planner_laws_test '*HoldAtEveryTurn/claude' core/forgetting/prefix.cc \
  's/pin != EndOfPrefix\(\)/pin != EndOfPrefix() \&\& false/'
break_law "6, every turn has one home" planner_laws_test '*HoldAtEveryTurn/claude' core/forgetting/prefix.cc \
  's/latent\.count \+= run\.turns\.last - run\.turns\.first \+ 1;/latent.count += 1;/'
break_law "7, the budget holds" planner_laws_test '*HoldAtEveryTurn/claude' core/forgetting/room.cc \
  's/plan_\.sheet\.tokens\(\) > setting_\.budget\(\) \|\|/plan_.sheet.tokens() > 2 * setting_.budget() ||/'
break_law "7, a sheet is the sum of its parts" planner_laws_test '*HoldAtEveryTurn/claude' core/sheet/sheet.cc \
  's/shelf\.totals\.Remove\(part\);\n  totals_\.Remove\(part\);\n  change/change/'
break_law "8, an acknowledged turn survives" memory_store_power_loss_test '*FullSync*' \
  memory_store/sqlite/database.cc 's/full \? "PRAGMA synchronous = FULL"/(full \&\& false) ? "PRAGMA synchronous = FULL"/'
break_law "9, tenants are apart" memory_store_test '*' memory_store/sqlite/log_rows.cc \
  's/FROM sessions WHERE tenant = \?1 AND session_id = \?2/FROM sessions WHERE ?1 IS NOT NULL AND session_id = ?2/'

if [ $# -eq 0 ]; then rm -rf "$scratch"; fi
if [ $unnoticed -gt 0 ]; then
  printf '%d breaks went unnoticed\n' "$unnoticed"
  exit 1
fi
echo "every break was noticed"
