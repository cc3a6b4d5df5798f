#!/bin/bash
# The command line against the real server: import, contexts, exact recall, export and restore, and an import
# that goes on after the server was killed.
#
#   fovead_test.sh FOLDER-OF-PROGRAMS HISTORY.jsonl.gz SESSION FOLDER-OF-TRANSCRIPTS
set -euo pipefail
bin=$1
history=$2
session=$3
transcripts=$4

work=$(mktemp -d "${TMPDIR:-/tmp}/fovea-e2e.XXXXXX")
server=""
clean_up() {
  if [ -n "$server" ]; then kill -9 "$server" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap clean_up EXIT
export FOVEA_SERVER="unix:$work/s"
unset FOVEA_TOKEN

fovea() { "$bin/fovea" "$@"; }
fail() {
  echo "FAILED: $*" >&2
  cat "$work/log" >&2
  exit 1
}
start() {
  "$bin/fovead" --data "$work/data" --listen "$FOVEA_SERVER" >>"$work/log" 2>&1 &
  server=$!
  for _ in $(seq 300); do
    if fovea stats >/dev/null 2>&1; then return; fi
    kill -0 "$server" 2>/dev/null || fail "fovead did not start"
    sleep 0.1
  done
  fail "fovead does not answer"
}
# The value of "KEY": in pretty JSON, where it stands once.
value() { sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}$/\1/p" | head -n 1; }

start
turns=$(fovea import "$history" --until 1000000000 --json | value turns)
fovea delete "$session" >/dev/null

# A kill in the middle: what was acknowledged stays, and --resume goes on behind it.
fovea import "$history" --turn-by-turn --acks --json >"$work/acks" 2>/dev/null &
import=$!
for _ in $(seq 600); do
  if [ "$(wc -l <"$work/acks")" -gt 30 ]; then break; fi
  sleep 0.05
done
kill -9 "$server"
wait "$server" 2>/dev/null || true
wait "$import" 2>/dev/null && fail "the import did not notice that the server is gone"
acknowledged=$(grep -c '"last_seq"' "$work/acks" || true)
start
present=$(fovea import "$history" --resume --until 1 --json | value already_there)
[ "$present" -ge "$acknowledged" ] || fail "$acknowledged turns were acknowledged, $present are there"
[ "$(fovea import "$history" --resume --json | value turns)" -eq $((turns - present)) ] || fail "resume"
echo "killed after $acknowledged acknowledged turns, $present there, $turns in the end"

# The history comes back as it was, and what was exported restores to the same contexts.
fovea export "$session" --format jsonl | gzip -n >"$work/back.jsonl.gz"
[ "$(fovea import "$work/back.jsonl.gz" --resume --json | value turns)" -eq 0 ] || fail "round trip"
fovea export "$session" --out "$work/export" >/dev/null
view=(--reader claude --budget 20000)
fovea context "$session" "${view[@]}" --out "$work/one" --json >"$work/one.json"
fovea delete "$session" >/dev/null
fovea restore "$work/export" >/dev/null
fovea drop-pages >/dev/null
fovea context "$session" "${view[@]}" --out "$work/two" --json >"$work/two.json"
diff -r "$work/one" "$work/two" || fail "the restored session gives another context"
[ "$(value tokens <"$work/two.json")" -le 20000 ] || fail "the budget"
[ "$(find "$work/two/pages" -name '*.png' | wc -l)" -gt 0 ] || fail "no pages"

for format in openai-chat openai-responses anthropic gemini vllm deepseek; do
  fovea context "$session" "${view[@]}" --format "$format" --out "$work/$format" >/dev/null
  diff -r "$work/one/pages" "$work/$format/pages" || fail "$format has other pages"
  fovea tools --format "$format" | grep -q '"recall"' || fail "$format has no tools"
done

# Exact recall: the bytes of a turn, whole and in halves.
fovea turn "$session" 3 >"$work/whole"
half=$(($(wc -c <"$work/whole") / 2))
{
  fovea turn "$session" 3 --length "$half"
  fovea turn "$session" 3 --offset "$half"
} | cmp - "$work/whole" || fail "recall in halves"

# Pins must be text.
fovea pin "$session" 5-40 >/dev/null
status=0
fovea context "$session" --budget 1000 --out "$work/none" --json >"$work/small" 2>/dev/null || status=$?
[ "$status" -eq 3 ] || fail "exit code $status for a budget that is too small"
needed=$(sed -n 's/^{"required_tokens":\([0-9]*\),.*/\1/p' "$work/small")
fovea tiers "$session" --budget "$needed" >/dev/null || fail "$needed tokens are not enough"

# A document as pages: the texts beside them are the document.
fovea render "$work/whole" - --pairs --out "$work/pages" <"$work/log" >/dev/null
cat "$work"/pages/page-*.txt | cmp - <(cat "$work/whole" "$work/log") || fail "a document in pairs"

# The files that agents keep: a folder of all kinds, read whole, and once only.
fovea import "$transcripts" >"$work/imported"
grep -q "turns of claude-code" "$work/imported" || fail "a folder of transcripts"
[ "$(fovea import "$transcripts" --strict --json | value turns)" -eq 0 ] || fail "importing twice added turns"
codex=$(sed -n 's/^\([0-9a-f-]*\)  [0-9]* turns of codex.*/\1/p' "$work/imported" | head -n 1)
word=$(grep -o 'final-word-[0-9]*' "$transcripts/codex-1.jsonl" | head -n 1)
fovea search "$codex" "$word" | grep -q "$word" || fail "a word of a rollout is not found"
fovea context "$codex" --reader gpt-5.6 --budget 64k --format openai-responses --out "$work/codex" >/dev/null ||
  fail "the context of a rollout"
mode=$(fovea export "$codex" --out "$work/owner" >/dev/null && stat -c %a "$work/owner")
[ "$mode" = 600 ] || fail "an export has mode $mode"
fovea diff "$session" --at "#100" --at "#200" "${view[@]}" | grep -q "from turn 100 to turn 200" || fail "diff of turns"

# A file that grows, with half a line at its end, beside one that does not: that is not read again, and its session,
# which was deleted meanwhile, stays away.
for name in still live; do
  head -n 4 "$transcripts/pi-1.jsonl" | sed "1s/\"id\":\"[^\"]*\"/\"id\":\"$name-session\"/" >"$work/$name.jsonl"
done
fovea import "$work/still.jsonl" "$work/live.jsonl" --watch >"$work/watched" 2>&1 &
import=$!
for _ in $(seq 100); do if grep -qs live-session "$work/watched"; then break; fi; sleep 0.1; done
fovea delete still-session >/dev/null
sed -n 5,8p "$transcripts/pi-1.jsonl" >>"$work/live.jsonl"
sed -n 9p "$transcripts/pi-1.jsonl" | head -c 50 >>"$work/live.jsonl"
for _ in $(seq 100); do if grep -q "4 turns more" "$work/watched"; then break; fi; sleep 0.1; done
grep -q "4 turns more" "$work/watched" || { cat "$work/watched"; fail "a file that grew"; }
fovea sessions | grep -q still-session && fail "a file that did not grow was imported again"
kill "$import"
wait "$import" 2>/dev/null || true

# The whole store in a file: what was deleted since comes back as it was, and what is there stays.
exported() { fovea export "$session" | sed '1s/"updatedUs":"[0-9]*"//'; }
exported >"$work/before"
fovea backup "$work/store" | grep -q " sessions, " || fail "backup"
fovea delete "$session" >/dev/null
fovea restore-store "$work/store" >"$work/restored" || fail "restore-store"
grep -q "^restored 1 sessions, " "$work/restored" || fail "what a backup brings back: $(cat "$work/restored")"
grep -q "^left as it is: $codex " "$work/restored" || fail "a session that is there"
# All but the header's time of the last change, which is when it came back.
exported | cmp - "$work/before" || fail "a session from a backup"
fovea repair | grep -q "^nothing to mend" || fail "a repair of what is whole"
fovea retain --max-idle-days 20000 --dry-run | grep -q "^would delete 0 sessions (0 bytes); [1-9]" || fail "retain"

fovea verify
kill "$server"
wait "$server" || fail "fovead did not stop cleanly"
server=""
echo passed
