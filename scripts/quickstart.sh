#!/bin/bash
# Builds Fovea and lives through the bundled agent session with it: the conversation is appended stage by
# stage, and after each stage one sees how its past has faded. Leaves the last context in out/.
#
#   scripts/quickstart.sh
#
# READER and BUDGET (tokens) may be set in the environment.
set -euo pipefail
cd "$(dirname "$0")/.." || exit 1

reader=${READER:-claude}
budget=${BUDGET:-32000}
session=long-session
history=examples/long-session.jsonl.gz
out=out
stages=(60 160 240 300)

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
if [ ! -t 1 ] || [ -n "${NO_COLOR:-}" ]; then say() { printf '\n%s\n' "$*"; }; fi
fail() {
  echo "quickstart: $*" >&2
  exit 1
}

work=""
server=""
clean_up() {
  status=$?
  trap - EXIT
  if [ -n "$server" ] && kill -0 "$server" 2>/dev/null; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  if [ $status -ne 0 ] && [ -s "$work/fovead.log" ]; then
    echo "quickstart: the server's last words:" >&2
    tail -n 20 "$work/fovead.log" >&2
  fi
  if [ -n "$work" ]; then rm -rf "$work"; fi
  exit $status
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "1. Packages and build"
scripts/install-dependencies.sh --build
cmake --preset release >build-configure.log 2>&1 || {
  cat build-configure.log >&2
  rm -f build-configure.log
  fail "the build could not be configured"
}
rm -f build-configure.log
cmake --build build/release --target fovead fovea fovea-gateway fovea-replay

# Where npm does not answer, text is counted by an estimate on the safe side.
if ! scripts/install-vocabularies.sh; then
  echo "quickstart: the vocabularies are not installed: text is estimated, some 10 to 15 % above its true tokens for" >&2
  echo "  English and code, more for other languages. scripts/install-vocabularies.sh installs them later." >&2
fi

say "2. A server on a temporary folder"
work=$(mktemp -d "${TMPDIR:-/tmp}/fovea-quickstart.XXXXXX")
export FOVEA_SERVER="unix:$work/fovead.sock"
unset FOVEA_TOKEN
build/release/bin/fovead --data "$work/data" --listen "$FOVEA_SERVER" >"$work/fovead.log" 2>&1 &
server=$!
fovea() { build/release/bin/fovea "$@"; }
for _ in $(seq 100); do
  if fovea stats >/dev/null 2>&1; then break; fi
  kill -0 "$server" 2>/dev/null || fail "fovead did not start"
  sleep 0.1
done
fovea stats >/dev/null || fail "fovead does not answer"
echo "fovead answers at $FOVEA_SERVER"

say "3. An agent's session lives and fades (reader $reader, budget $budget tokens)"
for stage in "${stages[@]}"; do
  say "after turn $stage"
  fovea import "$history" --resume --turn-by-turn --until "$stage" >/dev/null
  fovea tiers "$session" --reader "$reader" --budget "$budget"
done
say "at its end"
fovea import "$history" --resume --turn-by-turn >/dev/null
fovea tiers "$session" --reader "$reader" --budget "$budget"

say "4. What the model gets"
view=("$session" --reader "$reader" --budget "$budget")
fovea context "${view[@]}" --out "$out"
fovea context "${view[@]}" --format openai-chat --out "$out/openai-chat" >/dev/null
fovea context "${view[@]}" --format anthropic --out "$out/anthropic" >/dev/null
fovea ladder "${view[@]}" --out "$out/ladder" >/dev/null
cp "$out/ladder/contact-sheet.png" "$out/contact-sheet.png"
fovea verify

say "Done. Where to look"
cat <<END
  $out/contact-sheet.png           the same text at every rung of the ladder
  $out/pages/                      the pages of the last context, oldest first
  $out/context.json                the context, block by block
  $out/openai-chat/context.json    the same as a request for an OpenAI-compatible API
  $out/anthropic/context.json      the same as a request for Anthropic's API
END
