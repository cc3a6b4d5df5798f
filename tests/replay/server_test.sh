#!/usr/bin/env bash
# `fovea replay` lives through the planner of the server: with the same vocabularies both count the same tokens, and both
# say the same of what is shown.
# Usage: server_test.sh FOVEA FOVEA_REPLAY FOVEAD HISTORY, the bundled one
set -uo pipefail
fovea=$1 replay=$2 fovead=$3 history=$4
work=$(mktemp -d "${TMPDIR:-/tmp}/fovea-replay-server.XXXXXX")
server=""
clean_up() {
  if [ -n "$server" ]; then
    kill -9 "$server"
    wait "$server"
  fi 2>/dev/null
  rm -rf "$work"
}
trap clean_up EXIT
fail() {
  echo "FAILED: $*" >&2
  cat "$work/log" >&2
  exit 1
}
export FOVEA_SERVER="unix:$work/s"
unset FOVEA_TOKEN FOVEA_VOCABULARIES
: >"$work/log"

# A vocabulary of bytes alone, which counts far from what is estimated.
mkdir "$work/vocabularies"
for byte in $(seq 0 255); do
  printf "\\x$(printf %02x "$byte")" | base64 | tr '\n' ' '
  echo "$byte"
done >"$work/vocabularies/o200k_base.tiktoken"
# The last turn alone is a request, so that a mean over requests is what it was sent.
last=80
{
  printf '{"session_id": "s", "messages": ['
  for turn in $(seq $last); do
    role=user
    text="Note $turn:"
    for word in $(seq 60); do text+=" word$((turn * word % 97))"; done
    printf '{"role": "%s", "content": "%s"}, ' $role "$text"
  done
  printf '{"role": "assistant", "content": "Yes."}]}\n'
} >"$work/s.json"

"$fovead" --data "$work/data" --listen "$FOVEA_SERVER" --vocabularies "$work/vocabularies" >>"$work/log" 2>&1 &
server=$!
for _ in $(seq 600); do
  if "$fovea" stats >/dev/null 2>&1; then break; fi
  kill -0 "$server" 2>/dev/null || fail "fovead did not start"
  sleep 0.1
done
session=$("$fovea" import "$work/s.json" --json | sed -n 's/^ *"session_id": "\(.*\)",\{0,1\}$/\1/p' | head -n 1)
[ -n "$session" ] || fail "nothing was imported"

# The column of that name in Fovea's row.
column() {
  awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i == name) at = i } $6 == "fovea" { print $at }' "$work/rows.csv"
}
# live FILE SESSION TURN READER BUDGET: both, as of the turn before the session's last request.
live() {
  "$fovea" tiers "$2" --reader "$4" --budget "$5" --at "$3" --json >"$work/tiers" 2>>"$work/log" || fail "tiers $4"
  "$replay" "$1" --reader "$4" --budget "$5" --csv "$work/rows.csv" --vocabularies "$work/vocabularies" \
    >"$work/table" 2>>"$work/log" || fail "replay $4"
  # All that is neither elided nor latent is shown.
  shown=$(tr -d ' \n' <"$work/tiers" | sed 's/.*"characters":{\([^}]*\)}.*/\1/' | tr ',' '\n' | tr -d '"' |
    awk -F: '{ all += $2 } $1 == "text" || $1 == "pages" { shown += $2 } END { printf "%.4f", shown / all }')
  [ "$(column shown_end)" = "$shown" ] || fail "$4 at $5: replay shows $(column shown_end), the server $shown"
}
# compare READER BUDGET EXACT
compare() {
  live "$work/s.json" "$session" $last "$1" "$2"
  served=$(sed -n 's/^ *"tokens": "\{0,1\}\([0-9]*\)"\{0,1\},$/\1/p' "$work/tiers" | head -n 1)
  [ "$(column peak_tokens)" = "$served" ] || fail "$1 at $2: replay has $(column peak_tokens) tokens, the server $served"
  [ "$(column tokens_exact)" = "$3" ] || fail "$1: exact is $(column tokens_exact)"
}
compare gpt-5.6 16k 1
grep -q "text is counted by the reader's own vocabulary" "$work/table" || fail "that counts are exact is not said"
compare text-only 8k 0
grep -q "text is estimated" "$work/table" || fail "that counts are estimated is not said"
compare claude 4k 0
# Here runs are text with its middle left out.
"$fovea" import "$history" >/dev/null 2>>"$work/log" || fail "the bundled history"
live "$history" long-session 356 text-only 16k
grep -q '"elided": "\{0,1\}[1-9]' "$work/tiers" || fail "nothing is elided"
# The variable names a folder, too.
FOVEA_VOCABULARIES="$work/vocabularies" "$replay" "$work/s.json" --reader gpt-5.6 --budget 16k --json >"$work/json" ||
  fail "the variable"
grep -q '"tokens_exact": true' "$work/json" || fail "the folder that the variable names is not read"
"$replay" "$work/s.json" --vocabularies "$work/none" 2>"$work/error"
[ $? -eq 2 ] || fail "a folder that is missing is no mistake"
grep -q -- '--vocabularies .*none' "$work/error" || fail "and is not named"
"$fovead" --no-such-option 2>/dev/null
[ $? -eq 2 ] || fail "fovead's exit code for wrong usage is not 2"
echo "replay and the server agree"
